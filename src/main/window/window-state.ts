/** The window's position and size, restored so that it is always visible on a connected screen. */
import { z } from 'zod';

export const windowStateSchema = z.object({
  x: z.number().nullable(),
  y: z.number().nullable(),
  width: z.number(),
  height: z.number(),
  isMaximized: z.boolean(),
  // The files of older versions don't have it.
  zoom: z.number().positive().default(1),
});
export type WindowState = z.infer<typeof windowStateSchema>;

export const MIN_WIDTH = 900;
export const MIN_HEIGHT = 600;
export const DEFAULT_WINDOW_STATE: WindowState = {
  x: null,
  y: null,
  width: 1280,
  height: 800,
  isMaximized: false,
  zoom: 1,
};

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Enough of the title bar to drag the window. */
const MIN_VISIBLE = 100;

/** Limits the size to the screen, and lets the system center a window that would be out of sight. */
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

/** No frame is wider. A larger offset means that a window manager or the user moved the window. */
const MAX_FRAME = 100;

/**
 * X11 sets the position of a window with its frame but reports it without: saved as reported, the window would move by
 * its frame at every start. This returns that frame's size, from the requested and the reported position.
 */
export function frameOffset(
  requested: Pick<WindowState, 'x' | 'y'>,
  shown: { readonly x: number; readonly y: number },
): { readonly x: number; readonly y: number } {
  if (requested.x === null || requested.y === null) return { x: 0, y: 0 };
  const offset = { x: shown.x - requested.x, y: shown.y - requested.y };
  const isFrame = [offset.x, offset.y].every((pixels) => pixels >= 0 && pixels <= MAX_FRAME);
  return isFrame ? offset : { x: 0, y: 0 };
}
