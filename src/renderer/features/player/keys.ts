/** What a key does to the player. Pure, so that the table is tested without a video. */
export type PlayerCommand =
  | { readonly type: 'toggle' }
  | { readonly type: 'pause' }
  | { readonly type: 'step'; readonly frames: number }
  | { readonly type: 'seconds'; readonly seconds: number }
  | { readonly type: 'first' }
  | { readonly type: 'last' }
  | { readonly type: 'shuttle'; readonly direction: 1 | -1 }
  | { readonly type: 'loop' }
  | { readonly type: 'fullScreen' }
  | { readonly type: 'takeFrame' }
  | { readonly type: 'continue' };

interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export function playerCommand(event: Key): PlayerCommand | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case ' ':
      return { type: 'toggle' };
    case 'k':
    case 'K':
      return { type: 'toggle' };
    case 'ArrowLeft':
      return event.shiftKey ? { type: 'seconds', seconds: -1 } : { type: 'step', frames: -1 };
    case 'ArrowRight':
      return event.shiftKey ? { type: 'seconds', seconds: 1 } : { type: 'step', frames: 1 };
    case 'Home':
      return { type: 'first' };
    case 'End':
      return { type: 'last' };
    case 'j':
    case 'J':
      return { type: 'shuttle', direction: -1 };
    case 'l':
    case 'L':
      return { type: 'shuttle', direction: 1 };
    case '0':
      return { type: 'loop' };
    case 'f':
    case 'F':
      return { type: 'fullScreen' };
    case 'i':
    case 'I':
      return { type: 'takeFrame' };
    case 'n':
    case 'N':
      return { type: 'continue' };
    default:
      return null;
  }
}

export const SPEEDS = [0.25, 0.5, 1, 2] as const;
const MAX_SHUTTLE = 4;

/** J and L: start at speed 1, double it when pressed again, and reverse for the other direction. */
export function shuttleRate(current: number, direction: 1 | -1): number {
  if (Math.sign(current) !== direction) return direction;
  return Math.max(-MAX_SHUTTLE, Math.min(MAX_SHUTTLE, current * 2));
}

/** The frame shown at a time; the small addition corrects floating-point error. */
export const frameAt = (seconds: number, frameRate: number): number => Math.floor(seconds * frameRate + 1e-3);

/** The middle of a frame, so that seeking there shows it despite rounding. */
export const timeOf = (frame: number, frameRate: number): number => (frame + 0.5) / frameRate;
