/** Estimates what an install will download and how much disk space it needs. */
import type { InstallEstimate } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import type { Wheel } from './variant';

export interface SpaceSource {
  readonly root: string;
  readonly uvCache: string;
  readonly wheels: readonly Wheel[];
  /** Packages that uv already has; null if unknown, then all count as missing. */
  readonly cached: ReadonlySet<string> | null;
  /** Installing from a folder downloads nothing. */
  readonly isOffline: boolean;
  /** Unpacked size of an archive, in the environment's folder during the install. */
  readonly unpackedBytes: number;
  /** The interpreter's own folder, compiled bytecode, the test video. */
  readonly overheadBytes: number;
}

export type Need = InstallEstimate['needs'][number];

type SpaceEstimate = Pick<InstallEstimate, 'downloadBytes' | 'downloadCount' | 'packageCount' | 'needs' | 'fits'>;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * uv unpacks downloads into its cache and hard-links them into the slot, which takes no more space on the same disk. On
 * another disk it copies them.
 */
export async function estimateSpace(
  files: Pick<Files, 'deviceOf' | 'freeBytes'>,
  source: SpaceSource,
): Promise<SpaceEstimate> {
  const { root, uvCache, wheels, cached } = source;
  const missing = wheels.filter(({ name }) => cached?.has(name) !== true);
  const inCache = sum(missing.map(({ unpackedBytes }) => unpackedBytes));
  const whole = sum(wheels.map(({ unpackedBytes }) => unpackedBytes));
  const isOneDisk = (await files.deviceOf(root)) === (await files.deviceOf(uvCache));
  const besides = source.overheadBytes + source.unpackedBytes;
  const parts = isOneDisk
    ? [{ folder: root, bytes: inCache + besides }]
    : [
        { folder: root, bytes: whole + besides },
        { folder: uvCache, bytes: inCache },
      ];
  const needs = await Promise.all(
    parts.map(async (part) => ({ ...part, freeBytes: await files.freeBytes(part.folder) })),
  );
  const downloads = source.isOffline ? [] : missing;
  return {
    downloadBytes: sum(downloads.map(({ bytes }) => bytes)),
    downloadCount: downloads.length,
    packageCount: wheels.length,
    needs,
    fits: needs.every(({ bytes, freeBytes }) => freeBytes >= bytes),
  };
}

export function checkSpace({ needs }: Pick<InstallEstimate, 'needs'>): void {
  const lacking = needs.find(({ bytes, freeBytes }) => freeBytes < bytes);
  if (lacking === undefined) return;
  const { folder, bytes, freeBytes } = lacking;
  throw new SplitreelError(appError('DISK_FULL', { folder, neededBytes: bytes, freeBytes }));
}

/** Packages that uv already has, from its verbose dry run. Null if the run failed earlier. */
export function cachedPackages(output: string): ReadonlySet<string> | null {
  if (!/^Would (install|make no changes)/m.test(output)) return null;
  const missing = new Set(
    [...output.matchAll(/Identified uncached distribution: ([^=\s]+)==/g)].map((match) => match[1]),
  );
  const wanted = [...output.matchAll(/^ \+ ([^=\s]+)==/gm)].map((match) => match[1]);
  return new Set(wanted.flatMap((name) => (name === undefined || missing.has(name) ? [] : [name])));
}
