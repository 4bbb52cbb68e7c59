import { expect, test } from 'vitest';
import { inTurn } from './in-turn';

test('work runs in the order it was given, and a failure does not stop what follows', async () => {
  const run = inTurn();
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
