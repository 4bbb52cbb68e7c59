import { expect, test } from 'vitest';
import { DEFAULT_WINDOW_STATE, fitToScreens, frameOffset } from './window-state';

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };

test('a window whose screen was disconnected reappears on another one', () => {
  const lost = { x: 3000, y: 100, width: 1280, height: 800, isMaximized: false, zoom: 1 };
  expect(fitToScreens(lost, [SCREEN])).toEqual({ ...lost, x: null, y: null });
  expect(fitToScreens({ ...lost, x: 100 }, [SCREEN])).toEqual({ ...lost, x: 100 });
});

test('a window is never larger than its screen nor smaller than its minimum size', () => {
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

test('a window keeps its position across restarts, whatever its frame', () => {
  const frame = { x: 1, y: 20 };
  let saved = { x: 100, y: 100 };
  for (let start = 0; start < 10; start += 1) {
    const reported = { x: saved.x + frame.x, y: saved.y + frame.y };
    const offset = frameOffset(saved, reported);
    saved = { x: reported.x - offset.x, y: reported.y - offset.y };
  }
  expect(saved).toEqual({ x: 100, y: 100 });
});

test('a position chosen by the window manager is kept', () => {
  expect(frameOffset({ x: 100, y: 100 }, { x: 700, y: 100 })).toEqual({ x: 0, y: 0 });
  expect(frameOffset({ x: null, y: null }, { x: 700, y: 100 })).toEqual({ x: 0, y: 0 });
});
