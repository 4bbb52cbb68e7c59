/** What a key does to the comparison. Pure, so that the table is tested without a video. */
export const COMPARE_MODES = ['side', 'wipe', 'difference'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];

export type CompareCommand =
  | { readonly type: 'toggle' }
  | { readonly type: 'first' }
  | { readonly type: 'last' }
  | { readonly type: 'fit' }
  | { readonly type: 'close' }
  | { readonly type: 'step'; readonly frames: number }
  | { readonly type: 'zoom'; readonly isIn: boolean }
  | { readonly type: 'mode'; readonly mode: CompareMode };

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>;

const COMMANDS: Readonly<Record<string, CompareCommand>> = {
  ' ': { type: 'toggle' },
  k: { type: 'toggle' },
  arrowleft: { type: 'step', frames: -1 },
  arrowright: { type: 'step', frames: 1 },
  home: { type: 'first' },
  end: { type: 'last' },
  s: { type: 'mode', mode: 'side' },
  w: { type: 'mode', mode: 'wipe' },
  d: { type: 'mode', mode: 'difference' },
  '+': { type: 'zoom', isIn: true },
  // Unshifted on most keyboards.
  '=': { type: 'zoom', isIn: true },
  '-': { type: 'zoom', isIn: false },
  '0': { type: 'fit' },
  c: { type: 'close' },
};

export function compareCommand({ key, ctrlKey, metaKey, altKey }: Key): CompareCommand | null {
  if (ctrlKey || metaKey || altKey) return null;
  return COMMANDS[key.toLowerCase()] ?? null;
}
