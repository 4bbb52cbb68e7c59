/** The smallest MP4 that the library reads: one video track of 17 samples at 8 a second, and a comment. No picture in it. */
import { cpuDevices } from '../../src/shared/device';
import type { VideoMetadata } from '../../src/shared/library';
import { ONE_RANK } from '../../src/shared/plan';
import { request } from './request';

function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.byteLength);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, body]);
}

export const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
};

export function mp4(comment: string): Buffer {
  const hdlr = box('hdlr', words(0, 0), Buffer.from('vide'), Buffer.alloc(13));
  const mdhd = box('mdhd', words(0, 0, 0, 8, 17, 0));
  const stts = box('stts', words(0, 1, 17, 1));
  const track = box('trak', box('mdia', mdhd, hdlr, box('minf', box('stbl', stts))));
  const item = box('\u00a9cmt', box('data', words(1, 0), Buffer.from(comment)));
  const moov = box('moov', track, box('udta', box('meta', words(0), box('ilst', item))));
  return Buffer.concat([box('ftyp', Buffer.from('isom')), moov]);
}

export const metadata = (changes: Partial<VideoMetadata> = {}): VideoMetadata => ({
  splitreel: 1,
  request: request(),
  plan: ONE_RANK,
  approximate: false,
  model: { id: 'demo', fingerprint: 'f' },
  versions: {},
  devices: [...cpuDevices(1)],
  dtype: 'float32',
  createdAt: '2026-01-01T00:00:00Z',
  report: null,
  ...changes,
});
