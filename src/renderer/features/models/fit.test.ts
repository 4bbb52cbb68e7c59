import { expect, test } from 'vitest';
import type { CatalogEntry } from '../../../shared/catalog';
import type { Gpu } from '../../../shared/machine';
import { fitsOf } from './fit';

const OFFER: CatalogEntry = {
  id: 'x',
  name: 'Big',
  description: '',
  repositories: ['some/big'],
  revision: 'main',
  license: { name: 'Big license', isOpen: false },
  task: 'text-to-video',
  video: null,
  downloadGb: 21,
  memory: { offloadedGb: 5, wholeGb: 15 },
  scheduler: 'dpm',
};
const gpu = (index: number, gb: number): Gpu => ({
  kind: 'cuda',
  index,
  name: 'NVIDIA',
  uuid: `GPU-${String(index)}`,
  pciBusId: '',
  memoryTotalBytes: gb * 1e9,
  memoryUsedBytes: null,
  utilizationPercent: null,
  temperatureCelsius: null,
  powerWatts: null,
  nvlinkIsland: null,
});
const textsOf = (gpus: readonly Gpu[], freeGb: number | null, offer = OFFER) =>
  fitsOf(offer, { status: 'ready', gpus: [...gpus] }, freeGb === null ? null : freeGb * 1e9).map(({ text }) => text);

test.each([
  ['the largest GPU counts', [gpu(0, 8), gpu(1, 80)], 'Fits on GPU 1 (80.0\u00a0GB).'],
  ['one that needs offloading', [gpu(0, 8)], 'Fits on GPU 0 (8.0\u00a0GB) with CPU offload, which is slower.'],
  ['one that is too small', [gpu(0, 4)], 'Too large for GPU 0 (4.0\u00a0GB).'],
  ['none', [], 'This computer has no usable NVIDIA GPU, and the CPU is very slow.'],
])('memory: %s', (_name, gpus, text) => {
  expect(textsOf(gpus, null)).toEqual([text]);
});

test('free disk space is compared with the download size', () => {
  const [, enough] = fitsOf(OFFER, { status: 'ready', gpus: [gpu(0, 80)] }, 100e9);
  expect(enough).toEqual({ isRight: true, text: '100\u00a0GB free on disk.' });
  const [, short] = fitsOf(OFFER, { status: 'ready', gpus: [gpu(0, 80)] }, 20e9);
  expect(short).toEqual({ isRight: false, text: 'Not enough disk space: 20.0\u00a0GB free.' });
});

test('unknown facts are left out', () => {
  expect(fitsOf(OFFER, { status: 'looking', gpus: [] }, null)).toEqual([]);
  expect(textsOf([gpu(0, 80)], 100, { ...OFFER, memory: null, downloadGb: null })).toEqual([]);
});
