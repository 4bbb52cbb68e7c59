/** A tar archive in memory (POSIX ustar): short names, plain files, nothing else. */
export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly content: string;
}

const BLOCK_BYTES = 512;

export function tar(entries: readonly TarEntry[]): Uint8Array {
  const parts = entries.flatMap(({ name, content }) => {
    const body = Buffer.from(content, 'utf8');
    const padding = Buffer.alloc((BLOCK_BYTES - (body.byteLength % BLOCK_BYTES)) % BLOCK_BYTES);
    return [header(name, body.byteLength), body, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function header(name: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, 0, 100, 'utf8');
  block.write(octal(0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(sizeBytes, 11), 124);
  block.write(octal(0, 11), 136);
  // The checksum is computed with spaces in its own field.
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
