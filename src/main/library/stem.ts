/** Names of files that are made from a video's file. */
import path from 'node:path';

/** File systems allow 255 bytes. The rest is for an ending such as `-last-frame.png` and for a number. */
const MAX_STEM_BYTES = 200;

/** A file's name without its extension, short enough for an ending. */
export function stemOf(file: string): string {
  let stem = '';
  let bytes = 0;
  // By character, so that none is cut in half.
  for (const character of path.basename(file, path.extname(file))) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_STEM_BYTES) break;
    stem += character;
  }
  return stem;
}
