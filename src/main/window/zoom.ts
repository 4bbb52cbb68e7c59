/** The zoom of the whole page, by the keys that browsers use. Pure. */
import { MIN_HEIGHT, MIN_WIDTH } from './window-state';

const STEPS = [0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

export type ZoomChange = 'in' | 'out' | 'reset';

interface Size {
  readonly width: number;
  readonly height: number;
}

interface KeyInput {
  readonly type: string;
  readonly key: string;
  readonly control: boolean;
  readonly meta: boolean;
  readonly alt: boolean;
}

/** `=`: unshifted on the key of `+`. */
const KEYS: Readonly<Record<string, ZoomChange>> = { '+': 'in', '=': 'in', '-': 'out', _: 'out', '0': 'reset' };

/** Null for any other key. */
export const zoomKey = ({ type, key, control, meta, alt }: KeyInput): ZoomChange | null =>
  type === 'keyDown' && (control || meta) && !alt ? (KEYS[key] ?? null) : null;

/** A zoomed page still has at least the room that it has in the smallest window. */
export const fittingZoom = (zoom: number, { width, height }: Size): number =>
  Math.min(zoom, Math.max(1, Math.min(width / MIN_WIDTH, height / MIN_HEIGHT)));

export function zoomAfter(change: ZoomChange, zoom: number, size: Size): number {
  const shown = fittingZoom(zoom, size);
  if (change === 'reset') return 1;
  if (change === 'out') return STEPS.filter((step) => step < shown).at(-1) ?? shown;
  return fittingZoom(STEPS.find((step) => step > shown) ?? shown, size);
}
