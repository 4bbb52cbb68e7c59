import { describe, expect, test } from 'vitest';
import { refusedSwitch, withoutNodeVariables } from './debug-switches';

const start = (argv: readonly string[], env: Record<string, string> = {}, isPackaged = false) =>
  refusedSwitch({ argv: ['electron', ...argv], env, isPackaged });

describe.each([false, true])('packaged: %s', (isPackaged) => {
  test.each([
    ['--remote-debugging-port=0', '--remote-debugging-port'],
    ['--remote-debugging-pipe', '--remote-debugging-pipe'],
    ['--inspect', '--inspect'],
    ['--inspect=127.0.0.1:9229', '--inspect'],
    ['--inspect-brk', '--inspect-brk'],
    ['--inspect-wait', '--inspect-wait'],
    ['--js-flags=--allow-natives-syntax', '--js-flags'],
  ])('%s is refused', (argument, expected) => {
    expect(start([argument], {}, isPackaged)).toBe(expected);
  });

  test.each(['NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'NODE_REPL_EXTERNAL_MODULE'])('%s is refused', (name) => {
    expect(start([], { [name]: '--inspect' }, isPackaged)).toBe(name);
  });

  test('an ordinary start is not refused', () => {
    expect(start(['--inspector', 'inspect', '--no-sandbox'], { PATH: '/usr/bin' }, isPackaged)).toBeNull();
  });
});

test('the developer flag allows them in a checkout, never in a package', () => {
  expect(start(['--inspect'], { SPLITREEL_DEVELOPER: '1' })).toBeNull();
  expect(start(['--inspect'], { SPLITREEL_DEVELOPER: '1' }, true)).toBe('--inspect');
  expect(start(['--inspect'], { SPLITREEL_DEVELOPER: 'yes' })).toBe('--inspect');
});

test('Electron is started without the variables that change how Node runs', () => {
  const env = { PATH: '/usr/bin', NODE_OPTIONS: '--inspect', ELECTRON_RUN_AS_NODE: '1', HOME: undefined };
  expect(withoutNodeVariables(env)).toEqual({ PATH: '/usr/bin' });
});
