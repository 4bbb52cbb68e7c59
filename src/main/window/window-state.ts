/** Where the window was, kept so that it always comes back on a screen that is there. */
import { z } from 'zod';

export const windowStateSchema = z.object({
  x: z.number().nullable(),
  y: z.number().nullable(),
  width: z.number(),
  height: z.number(),
  isMaximised: z.boolean(),
});
export type WindowState = z.infer<typeof windowStateSchema>;

export const MIN_WIDTH = 900;
export const MIN_HEIGHT = 600;
export const DEFAULT_WINDOW_STATE: WindowState = { x: null, y: null, width: 1280, height: 800, isMaximised: false };

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Enough of the title bar to take hold of it. */
const MIN_VISIBLE = 100;

/** The state with its size cut to the screen, and centred by the system where it would be out of sight. */
export function fitToScreens(state: WindowState, screens: readonly Area[]): WindowState {
  const { x, y } = state;
  const home = screens.find((screen) => {
    if (x === null || y === null) return false;
    const overlap = Math.min(x + state.width, screen.x + screen.width) - Math.max(x, screen.x);
    return overlap >= MIN_VISIBLE && y >= screen.y && y <= screen.y + screen.height - MIN_VISIBLE;
  });
  const screen = home ?? screens[0];
  const width = Math.max(MIN_WIDTH, Math.min(state.width, screen?.width ?? state.width));
  const height = Math.max(MIN_HEIGHT, Math.min(state.height, screen?.height ?? state.height));
  return { ...state, width, height, ...(home === undefined ? { x: null, y: null } : {}) };
}
