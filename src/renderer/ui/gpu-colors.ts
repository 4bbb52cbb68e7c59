const COLORS = 8;

/** The color of a GPU, the same everywhere. */
export const gpuColor = (index: number): string => `var(--gpu-${String(index % COLORS)})`;

/** Text on that color: only the dark blue is too dark for dark text. */
export const gpuInk = (index: number): string => (index % COLORS === 4 ? '#ffffff' : '#0e0e0f');
