import { expect, test } from 'vitest';
import { createTextSender, sendTexts } from './text-sender';

function page(messagesUntilGone = Infinity) {
  const sent: unknown[][] = [];
  return {
    sent,
    receiver: {
      isDestroyed: () => sent.length >= messagesUntilGone,
      send: (_channel: string, ...message: readonly unknown[]) => void sent.push([...message]),
    },
  };
}

test('the texts of a long value go one by one, with a pause between them', async () => {
  const { sent, receiver } = page();
  const whole = sendTexts(receiver, 'call', ['a', 'b']);
  expect(sent).toEqual([['call', 0, 'a', false]]);
  await whole;
  expect(sent).toEqual([
    ['call', 0, 'a', false],
    ['call', 1, 'b', true],
  ]);
});

test('nothing is sent to a page that has gone', async () => {
  const { sent, receiver } = page(1);
  await sendTexts(receiver, 'call', ['a', 'b', 'c']);
  expect(sent).toHaveLength(1);
});

test('a change waits until every part of the previous one has been sent', async () => {
  const { sent, receiver } = page();
  const send = createTextSender(() => receiver, 'changes');
  await Promise.all([send(Promise.resolve(['a', 'b'])), send(['c'])]);
  expect(sent.map(([, , text]) => text)).toEqual(['a', 'b', 'c']);
});
