const COLOURS = 8;

/** The colour of a GPU, the same everywhere. */
export const gpuColour = (index: number): string => `var(--gpu-${String(index % COLOURS)})`;

/** Text on that colour: only the set's dark blue is too dark for dark text. */
export const gpuInk = (index: number): string => (index % COLOURS === 4 ? '#ffffff' : '#0e0e0f');
