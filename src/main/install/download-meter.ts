/**
 * Bytes downloaded so far, of a known total. uv reports when a large wheel starts and ends; in between, progress is
 * estimated from the bytes unpacked into its cache, weighted by the sizes of the unfinished wheels.
 */
import type { InstallProgress } from '../../shared/environment';
import type { PackageProgress } from './uv-output';
import type { Wheel } from './variant';

export type DownloadFigures = Pick<InstallProgress, 'downloadedBytes' | 'totalBytes' | 'bytesPerSecond'>;

/** Speed is averaged over this time: a shorter time makes it jump, a longer one hides a dead connection. */
const SPEED_WINDOW_MS = 5_000;

export interface DownloadMeter {
  /** `unpackedBytes`: of everything that uv is unpacking now. */
  readonly measure: (packages: PackageProgress, unpackedBytes: number, nowMs: number) => DownloadFigures;
}

export function createDownloadMeter(wheels: readonly Wheel[], totalBytes: number): DownloadMeter {
  const byName = new Map(wheels.map((wheel) => [wheel.name.toLowerCase(), wheel]));
  const sum = (names: Iterable<string>, of: (wheel: Wheel) => number): number =>
    [...names].reduce((total, name) => {
      const wheel = byName.get(name);
      return wheel === undefined ? total : total + of(wheel);
    }, 0);
  let samples: readonly { readonly ms: number; readonly bytes: number }[] = [];
  let highest = 0;
  return {
    measure: ({ downloading, downloaded, areAllDownloaded }, unpackedBytes, nowMs) => {
      const unpackedInAll = sum(downloading, (wheel) => wheel.unpackedBytes);
      const share = unpackedInAll === 0 ? 0 : Math.min(1, unpackedBytes / unpackedInAll);
      const finished = sum(downloaded, (wheel) => wheel.bytes);
      const found = finished + share * sum(downloading, (wheel) => wheel.bytes);
      // A wheel that has just been renamed into place is neither unpacking nor reported: progress must not go back.
      highest = areAllDownloaded ? totalBytes : Math.min(totalBytes, Math.max(highest, Math.round(found)));
      samples = [...samples.filter(({ ms }) => nowMs - ms <= SPEED_WINDOW_MS), { ms: nowMs, bytes: highest }];
      const [first] = samples;
      const elapsedMs = first === undefined ? 0 : nowMs - first.ms;
      const bytesPerSecond =
        first === undefined || elapsedMs < 1_000 || areAllDownloaded
          ? null
          : Math.round(((highest - first.bytes) / elapsedMs) * 1_000);
      return { downloadedBytes: highest, totalBytes, bytesPerSecond };
    },
  };
}
