/**
 * Reads from an MP4 what the library shows: length, frame rate, and the comment with the request. Our own files need
 * only a hundred lines of parser, which reads box headers and the `moov` box. A malformed or incomplete file gives
 * null.
 */
import type { Files } from '../ports/files';

export interface Mp4Facts {
  readonly durationMs: number;
  readonly frameRate: number;
  readonly comment: string | null;
}

interface Box {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Sample tables for minutes of video take some kilobytes, metadata a few more. */
const MAX_MOOV_BYTES = 16 * 1_048_576;
const MAX_TOP_BOXES = 64;

export async function readMp4(
  files: Pick<Files, 'readRange'>,
  file: string,
  sizeBytes: number,
): Promise<Mp4Facts | null> {
  let position = 0;
  let facts: Mp4Facts | null = null;
  for (let count = 0; count < MAX_TOP_BOXES && position + 8 <= sizeBytes; count += 1) {
    const header = await files.readRange(file, position, 16);
    const { type, size, headerSize } = boxHeader(header, sizeBytes - position);
    // A box beyond the end of the file: the file is still being copied.
    if (size < headerSize || position + size > sizeBytes) return null;
    if (type === 'moov' && facts === null) {
      if (size > MAX_MOOV_BYTES) return null;
      facts = readMoov(await files.readRange(file, position + headerSize, size - headerSize));
      if (facts === null) return null;
    }
    position += size;
  }
  return facts;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function boxHeader(bytes: Uint8Array, rest: number): { type: string; size: number; headerSize: number } {
  if (bytes.byteLength < 8) return { type: '', size: 0, headerSize: 8 };
  const type = latin(bytes.subarray(4, 8));
  const size = view(bytes).getUint32(0);
  if (size === 0) return { type, size: rest, headerSize: 8 };
  if (size !== 1) return { type, size, headerSize: 8 };
  return bytes.byteLength < 16
    ? { type, size: 0, headerSize: 16 }
    : { type, size: Number(view(bytes).getBigUint64(8)), headerSize: 16 };
}

function children(bytes: Uint8Array, start = 0): Box[] {
  const boxes: Box[] = [];
  let position = start;
  while (position + 8 <= bytes.byteLength) {
    const { type, size, headerSize } = boxHeader(bytes.subarray(position, position + 16), bytes.byteLength - position);
    if (size < headerSize || position + size > bytes.byteLength) break;
    boxes.push({ type, body: bytes.subarray(position + headerSize, position + size) });
    position += size;
  }
  return boxes;
}

/** The first box along a path of types. */
function find(bytes: Uint8Array, ...types: readonly string[]): Uint8Array | null {
  let current: Uint8Array | null = bytes;
  for (const type of types) {
    const from: Uint8Array = current;
    // `meta` is a full box: four bytes of version and flags precede its children.
    current = children(from).find((box) => box.type === type)?.body ?? null;
    if (current === null) return null;
    if (type === 'meta') current = current.subarray(4);
  }
  return current;
}

function readMoov(moov: Uint8Array): Mp4Facts | null {
  const track = children(moov).find(({ type, body }) => {
    const handler = type === 'trak' ? find(body, 'mdia', 'hdlr') : null;
    return handler !== null && handler.byteLength >= 12 && latin(handler.subarray(8, 12)) === 'vide';
  })?.body;
  const mdhd = track === undefined ? null : find(track, 'mdia', 'mdhd');
  const stts = track === undefined ? null : find(track, 'mdia', 'minf', 'stbl', 'stts');
  if (mdhd === null || stts === null || mdhd.byteLength < 24 || stts.byteLength < 8) return null;
  const isLong = mdhd[0] === 1;
  if (isLong && mdhd.byteLength < 36) return null;
  const timescale = view(mdhd).getUint32(isLong ? 20 : 12);
  const { samples, ticks } = countSamples(stts);
  if (timescale === 0 || ticks === 0) return null;
  const seconds = ticks / timescale;
  return { durationMs: seconds * 1_000, frameRate: samples / seconds, comment: readComment(moov) };
}

function countSamples(stts: Uint8Array): { samples: number; ticks: number } {
  const data = view(stts);
  const entries = Math.min(data.getUint32(4), Math.floor((stts.byteLength - 8) / 8));
  let samples = 0;
  let ticks = 0;
  for (let entry = 0; entry < entries; entry += 1) {
    const count = data.getUint32(8 + entry * 8);
    samples += count;
    ticks += count * data.getUint32(12 + entry * 8);
  }
  return { samples, ticks };
}

/** iTunes style (`©cmt`) or QuickTime keys (`comment`): FFmpeg writes one or the other. */
function readComment(moov: Uint8Array): string | null {
  const list = find(moov, 'udta', 'meta', 'ilst') ?? find(moov, 'meta', 'ilst');
  if (list === null) return null;
  const items = children(list);
  const direct = items.find(({ type }) => type === '\u00a9cmt') ?? items[keyIndex(moov)];
  const data = direct === undefined ? null : find(direct.body, 'data');
  return data === null || data.byteLength < 8 ? null : Buffer.from(data.subarray(8)).toString('utf8');
}

function keyIndex(moov: Uint8Array): number {
  const keys = find(moov, 'meta', 'keys') ?? find(moov, 'udta', 'meta', 'keys');
  if (keys === null) return -1;
  return children(keys, 8).findIndex(({ body }) => latin(body) === 'comment');
}
