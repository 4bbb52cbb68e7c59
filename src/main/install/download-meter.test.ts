import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createDownloadMeter } from './download-meter';
import { applyUvLine, NO_PACKAGES, type PackageProgress } from './uv-output';
import { wheelsOf } from './variant';

const python = path.resolve(import.meta.dirname, '../../../python');
const read = (name: string): string => readFileSync(path.join(python, name), 'utf8');
const wheels = wheelsOf(read('requirements.wheels.json'), 'linux-x64', read('requirements.lock'));
const after = (...lines: readonly string[]): PackageProgress => lines.reduce(applyUvLine, NO_PACKAGES);
const wheel = (name: string) => {
  const found = wheels.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

test('complete wheels count with their size, unfinished ones with their unpacked bytes', () => {
  const [torch, numpy] = [wheel('torch'), wheel('numpy')];
  const meter = createDownloadMeter(wheels, 600e6);
  const began = after('Resolved 64 packages in 1ms', 'Downloading torch (514.0MiB)', 'Downloading numpy (16.1MiB)');
  expect(meter.measure(began, 0, 0)).toEqual({ downloadedBytes: 0, totalBytes: 600e6, bytesPerSecond: null });
  const half = (torch.unpackedBytes + numpy.unpackedBytes) / 2;
  const bytes = Math.round((torch.bytes + numpy.bytes) / 2);
  expect(meter.measure(began, half, 2_000)).toMatchObject({
    downloadedBytes: bytes,
    bytesPerSecond: Math.round(bytes / 2),
  });
  const numpyIsThere = applyUvLine(began, ' Downloaded numpy');
  // Its files have left the unpacking folder.
  expect(meter.measure(numpyIsThere, torch.unpackedBytes / 4, 3_000).downloadedBytes).toBe(bytes);
  expect(meter.measure(numpyIsThere, torch.unpackedBytes, 4_000).downloadedBytes).toBe(torch.bytes + numpy.bytes);
});

test('a stalled connection shows no speed, and progress never exceeds the total', () => {
  const meter = createDownloadMeter(wheels, 1_000);
  const began = after('Downloading torch (514.0MiB)');
  meter.measure(began, wheel('torch').unpackedBytes, 0);
  expect(meter.measure(began, wheel('torch').unpackedBytes, 6_000)).toMatchObject({ downloadedBytes: 1_000 });
  expect(meter.measure(began, wheel('torch').unpackedBytes, 9_000)).toMatchObject({ bytesPerSecond: 0 });
  const done = applyUvLine(began, 'Prepared 64 packages in 8.01s');
  expect(meter.measure(done, 0, 10_000)).toEqual({ downloadedBytes: 1_000, totalBytes: 1_000, bytesPerSecond: null });
});
