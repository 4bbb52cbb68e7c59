/** What is packaged and how its files are named. Builds are reproducible: every timestamp is the commit's. */
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '../runtime/index';
import { ROOT } from '../../src/cli/paths';

/** Where the app is installed. */
export const APP_FOLDER = 'usr/lib/splitreel';

export const DESCRIPTION = [
  'Splitreel runs the CogVideoX models on all NVIDIA GPUs of one workstation at',
  'once. It installs its own Python environment, offers only valid ways to split',
  'the work and shows real progress. You can try it without a GPU.',
] as const;

export interface Product {
  readonly version: string;
  readonly runtime: Runtime;
  /** Seconds since 1970: SOURCE_DATE_EPOCH, or the time of the last commit. */
  readonly epoch: number;
  /** Where the packages end up, and where they are assembled. */
  readonly dist: string;
  readonly work: string;
}

export async function readProduct(runtime: Runtime): Promise<Product> {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const dist = path.join(ROOT, 'dist');
  return { version, runtime, epoch: await sourceDate(), dist, work: path.join(dist, 'work') };
}

async function sourceDate(): Promise<number> {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const { stdout } = await execa('git', ['log', '-1', '--format=%ct'], { cwd: ROOT });
  return Number(stdout);
}

/** Marks packages built on the fallback runtime, which must not be distributed. */
export const releaseSuffix = ({ runtime }: Product): string => (runtime.kind === 'official' ? '' : '-not-for-release');

export const buildEnvironment = ({ epoch }: Product): Record<string, string> => ({
  SOURCE_DATE_EPOCH: String(epoch),
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
});
