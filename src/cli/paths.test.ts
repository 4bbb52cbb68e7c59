import { expect, test } from 'vitest';
import { callerFolder } from './paths';

test('relative paths start in the folder npm was called in, else in the current one', () => {
  expect(callerFolder({ INIT_CWD: '/home/me/work' }, '/checkout')).toBe('/home/me/work');
  expect(callerFolder({}, '/checkout')).toBe('/checkout');
  expect(callerFolder({ INIT_CWD: 'relative' }, '/checkout')).toBe('/checkout');
});
