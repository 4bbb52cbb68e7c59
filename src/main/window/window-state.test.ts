import { expect, test } from 'vitest';
import { LINKS } from './links';
import { DEFAULT_WINDOW_STATE, fitToScreens } from './window-state';

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };

test('a window whose screen has gone comes back on the one that is there', () => {
  const lost = { x: 3000, y: 100, width: 1280, height: 800, isMaximised: false };
  expect(fitToScreens(lost, [SCREEN])).toEqual({ ...lost, x: null, y: null });
  expect(fitToScreens({ ...lost, x: 100 }, [SCREEN])).toEqual({ ...lost, x: 100 });
});

test('a window is never larger than its screen nor smaller than what fits in it', () => {
  const small = { x: 0, y: 0, width: 1000, height: 700 };
  expect(fitToScreens({ ...DEFAULT_WINDOW_STATE, width: 4000, height: 4000 }, [small])).toMatchObject({
    width: 1000,
    height: 700,
  });
  expect(fitToScreens({ ...DEFAULT_WINDOW_STATE, width: 10, height: 10 }, [])).toMatchObject({
    width: 900,
    height: 600,
  });
});

test('every link is plain https', () => {
  for (const link of Object.values(LINKS)) {
    const url = new URL(link);
    expect([url.protocol, url.username, url.password, url.port]).toEqual(['https:', '', '', '']);
  }
});
