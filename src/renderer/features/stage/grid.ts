/** Columns for so many equal frames in a frame of the same shape: as square as possible, so that each is largest. */
export const gridColumns = (count: number): number => Math.ceil(Math.sqrt(count));
