/**
 * The number of columns for `count` equal frames inside a frame of the same shape: as square as possible, so that each
 * is as large as possible.
 */
export const gridColumns = (count: number): number => Math.ceil(Math.sqrt(count));
