/** Which key presses a shortcut handles: not those of fields, dialogs, or focused buttons. */
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { useShortcut } from './use-shortcut';

afterEach(cleanup);

function Page({ onSpace, onEscape }: { readonly onSpace: () => void; readonly onEscape: () => void }) {
  useShortcut({ match: ({ key }) => (key === ' ' ? onSpace : null) });
  useShortcut({ inControls: true, match: ({ key }) => (key === 'Escape' ? onEscape : null) });
  return (
    <>
      <input aria-label="field" />
      <button type="button">button</button>
    </>
  );
}

test('the focused field or button gets a key, unless the shortcut works in controls too', async () => {
  const [onSpace, onEscape] = [vi.fn(), vi.fn()];
  render(<Page onSpace={onSpace} onEscape={onEscape} />);
  const user = userEvent.setup();
  await user.keyboard(' ');
  expect(onSpace).toHaveBeenCalledTimes(1);
  for (const element of [screen.getByLabelText('field'), screen.getByRole('button')]) {
    element.focus();
    await user.keyboard(' {Escape}');
  }
  expect(onSpace).toHaveBeenCalledTimes(1);
  expect(onEscape).toHaveBeenCalledTimes(2);
});

test('an open dialog gets every key', async () => {
  const [onSpace, onEscape] = [vi.fn(), vi.fn()];
  render(
    <>
      <Page onSpace={onSpace} onEscape={onEscape} />
      <dialog open />
    </>,
  );
  await userEvent.setup().keyboard(' {Escape}');
  expect(onSpace).not.toHaveBeenCalled();
  expect(onEscape).not.toHaveBeenCalled();
});

test('it subscribes once but still sees the latest state', async () => {
  const subscribed = vi.spyOn(window, 'addEventListener');
  function Counter() {
    const [count, setCount] = useState(0);
    useShortcut({ repeats: true, match: ({ key }) => (key === 'l' ? () => setCount(count + 1) : null) });
    return <p>{count}</p>;
  }
  render(<Counter />);
  const user = userEvent.setup();
  const before = subscribed.mock.calls.filter(([type]) => type === 'keydown').length;
  await user.keyboard('lll');
  expect(screen.getByText('3')).toBeVisible();
  expect(subscribed.mock.calls.filter(([type]) => type === 'keydown')).toHaveLength(before);
  subscribed.mockRestore();
});
