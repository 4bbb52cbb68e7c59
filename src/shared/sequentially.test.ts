import { expect, test } from 'vitest';
import { deliverInOrder, sequentially } from './sequentially';

test('work runs in the order it was given, and a failure does not stop what follows', async () => {
  const run = sequentially();
  const done: string[] = [];
  let finishFirst: () => void = () => undefined;
  const first = run(
    () =>
      new Promise<string>((resolve) => {
        finishFirst = () => {
          done.push('first');
          resolve('one');
        };
      }),
  );
  const second = run(() => Promise.reject(new Error('second')));
  const third = run(() => Promise.resolve(void done.push('third')));
  await Promise.resolve();
  expect(done).toEqual([]);
  finishFirst();
  expect(await first).toBe('one');
  await expect(second).rejects.toThrow('second');
  await third;
  expect(done).toEqual(['first', 'third']);
});

test('values are delivered in order: immediately, or after one that becomes ready late', async () => {
  const delivered: unknown[] = [];
  let onThird: () => void = () => undefined;
  const third = new Promise<void>((resolve) => (onThird = resolve));
  const deliver = deliverInOrder((value) => {
    delivered.push(value);
    if (value === 3) onThird();
  });
  deliver(1);
  expect(delivered).toEqual([1]);
  let finishSecond: (value: number) => void = () => undefined;
  deliver(new Promise<number>((resolve) => (finishSecond = resolve)));
  deliver(3);
  expect(delivered).toEqual([1]);
  finishSecond(2);
  await third;
  deliver(4);
  expect(delivered).toEqual([1, 2, 3, 4]);
});

test('after a value that fails, the next ones are delivered immediately again', async () => {
  const delivered: unknown[] = [];
  const deliver = deliverInOrder((value) => {
    delivered.push(value);
    if (value === 2) throw new Error('a listener failed');
  });
  deliver(Promise.reject(new Error('not readable')));
  deliver(Promise.resolve(2));
  deliver(Promise.resolve(3));
  await expect.poll(() => delivered).toEqual([2, 3]);
  deliver(4);
  expect(delivered).toEqual([2, 3, 4]);
});
