import { expect, test } from 'vitest';
import { playerCommand, shuttleRate } from './keys';

const press = (key: string, held: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) =>
  playerCommand({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held });

test.each([
  [' ', { type: 'toggle' }],
  ['k', { type: 'toggle' }],
  ['ArrowLeft', { type: 'step', frames: -1 }],
  ['ArrowRight', { type: 'step', frames: 1 }],
  ['Home', { type: 'first' }],
  ['End', { type: 'last' }],
  ['j', { type: 'shuttle', direction: -1 }],
  ['L', { type: 'shuttle', direction: 1 }],
  ['0', { type: 'loop' }],
  ['f', { type: 'fullScreen' }],
  ['i', { type: 'takeFrame' }],
  ['N', { type: 'continue' }],
  ['q', null],
])('%s', (key, command) => expect(press(key)).toEqual(command));

test('Shift with an arrow moves by a second; keys with Ctrl, Alt or Meta are ignored', () => {
  expect(press('ArrowRight', { shiftKey: true })).toEqual({ type: 'seconds', seconds: 1 });
  for (const held of ['ctrlKey', 'altKey', 'metaKey']) expect(press(' ', { [held]: true })).toBeNull();
});

test('J and L start at normal speed, double it up to four times, and turn around', () => {
  expect([shuttleRate(0, 1), shuttleRate(1, 1), shuttleRate(4, 1), shuttleRate(2, -1), shuttleRate(-1, -1)]).toEqual([
    1, 2, 4, -1, -2,
  ]);
});
