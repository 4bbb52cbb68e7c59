/**
 * Wheels for installing an environment without a network, as a folder or a zip file: made by `npm run bundle` on a
 * computer with a network. The wheels are those of the lock, and their hashes are checked both when the bundle is made
 * and when it is used.
 */
import path from 'node:path';
import { z } from 'zod';
import { VARIANTS } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import type { Processes } from '../ports/processes';
import { isArchive, inspectArchive, type ArchiveContents, type ArchiveTool } from './bundle-archive';

const manifestSchema = z.object({
  kind: z.literal('splitreel-bundle'),
  machineKind: z.string(),
  variant: z.enum(VARIANTS),
  lockHash: z.string(),
});
export type BundleManifest = z.infer<typeof manifestSchema>;

export const wheelsIn = (bundle: string): string => path.join(bundle, 'wheels');
/** Where a bundle keeps uv's own Python; absent if it could not be downloaded. */
const pythonIn = (bundle: string): string => path.join(bundle, 'python');
const manifestIn = (bundle: string): string => path.join(bundle, 'bundle.json');

export interface Bundle {
  readonly manifest: BundleManifest;
  /** Disk space that an archive needs during the install; 0 for a folder. */
  readonly unpackedBytes: number;
}

const incomplete = (bundle: string): SplitreelError => new SplitreelError(appError('BUNDLE_INCOMPLETE', { bundle }));

/** Throws BUNDLE_INCOMPLETE or BUNDLE_FOR_OTHER_MACHINE. `tool`: null without a Python, which a zip needs. */
export async function readBundle(
  files: Files,
  tool: ArchiveTool | null,
  source: string,
  machineKind: string,
): Promise<Bundle> {
  const { manifest: text, bytes } = await (isArchive(source)
    ? readArchive(tool, source)
    : files.readText(manifestIn(source)).then(
        (manifest) => ({ manifest, bytes: 0 }),
        () => ({ manifest: null, bytes: 0 }),
      ));
  if (text === null) throw incomplete(source);
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) throw incomplete(source);
  if (parsed.data.machineKind !== machineKind)
    throw new SplitreelError(
      appError('BUNDLE_FOR_OTHER_MACHINE', { bundle: source, found: parsed.data.machineKind, expected: machineKind }),
    );
  return { manifest: parsed.data, unpackedBytes: bytes };
}

async function readArchive(tool: ArchiveTool | null, archive: string): Promise<ArchiveContents> {
  if (tool === null) throw new SplitreelError(appError('PYTHON_MISSING'));
  const found = await inspectArchive(tool, archive);
  if (found === null) throw incomplete(archive);
  return found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface BundleRequest {
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly lock: string;
  /** `uv==VERSION --hash=sha256:…` */
  readonly tool: string;
  /** A Python of the lock's version, with pip. */
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** Downloads what is missing in the folder and keeps valid files. The manifest is written last. */
export async function makeBundle(
  { files, processes }: { readonly files: Files; readonly processes: Pick<Processes, 'run'> },
  request: BundleRequest,
): Promise<void> {
  const lockFile = path.join(request.folder, 'requirements.lock');
  await files.makeFolder(wheelsIn(request.folder));
  await files.remove(manifestIn(request.folder));
  await files.writeAtomically(lockFile, `${request.lock}\n${request.tool}\n`);
  const args = [
    '-I',
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--require-hashes',
    '--no-cache-dir',
  ];
  const outcome = await processes.run(request.python, {
    args: [...args, '--progress-bar', 'off', '--dest', wheelsIn(request.folder), '-r', lockFile],
    env: request.env,
    onLine: request.onLine,
  });
  if (outcome.kind !== 'exited' || outcome.code !== 0) {
    const output = 'stderr' in outcome ? `${outcome.stdout}\n${outcome.stderr}`.trim() : outcome.kind;
    const last = output
      .split('\n')
      .filter((line) => line.startsWith('ERROR'))
      .pop();
    const details = [...(last === undefined ? [] : [last]), output.slice(-4_000)].join('\n');
    throw new SplitreelError(appError('ENVIRONMENT_INSTALL_FAILED', {}, { details }));
  }
  await files.writeAtomically(manifestIn(request.folder), JSON.stringify(request.manifest, null, 2));
}

export interface BundlePython {
  readonly uv: string;
  readonly folder: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Adds the Python that the installed app prefers. False if it can't be downloaded: the bundle works without it. */
export async function addPython(
  { processes }: { readonly processes: Pick<Processes, 'run'> },
  { uv, folder, version, env }: BundlePython,
): Promise<boolean> {
  const args = ['python', 'install', '--no-bin', '--install-dir', pythonIn(folder), version];
  const outcome = await processes.run(uv, { args, env });
  return outcome.kind === 'exited' && outcome.code === 0;
}

/** Copies a bundle's Python to where uv looks for its own. False if the bundle has none. */
export async function takePython(
  files: Pick<Files, 'list' | 'stat' | 'copyFolder'>,
  bundle: string,
  pythonsFolder: string,
): Promise<boolean> {
  const names = (await files.list(pythonIn(bundle))).filter((name) => name.startsWith('cpython-'));
  for (const name of names) await files.copyFolder(path.join(pythonIn(bundle), name), path.join(pythonsFolder, name));
  return names.length > 0;
}
