/** A bundle as one zip file: read and written by `python/splitreel/commands/bundle_archive.py` with the system's Python. */
import path from 'node:path';
import { z } from 'zod';
import type { Files } from '../ports/files';
import type { Processes, RunOutcome } from '../ports/processes';

/** What runs the script: a Python, the folder of our package, and the variables it gets. */
export interface ArchiveTool {
  readonly processes: Pick<Processes, 'run'>;
  readonly python: string;
  readonly pythonFolder: string;
  readonly env: Readonly<Record<string, string>>;
}

export const isArchive = (file: string): boolean => file.toLowerCase().endsWith('.zip');

const argsOf = ({ pythonFolder }: ArchiveTool, ...args: readonly string[]): readonly string[] => [
  '-I',
  path.join(pythonFolder, 'splitreel', 'commands', 'bundle_archive.py'),
  ...args,
];

const contentsSchema = z.object({ bytes: z.number(), manifest: z.string().nullable() });
export type ArchiveContents = z.infer<typeof contentsSchema>;

/** Null if it isn't a readable zip file. `bytes`: unpacked size. */
export async function inspectArchive(tool: ArchiveTool, archive: string): Promise<ArchiveContents | null> {
  const outcome = await tool.processes.run(tool.python, { args: argsOf(tool, 'inspect', archive), env: tool.env });
  if (outcome.kind !== 'exited' || outcome.code !== 0) return null;
  return contentsSchema.parse(JSON.parse(outcome.stdout));
}

/** Unpacks into a folder laid out as `npm run bundle` makes it. The caller checks the result. */
export const unpackArchive = (
  tool: ArchiveTool,
  archive: string,
  folder: string,
  options: { readonly signal: AbortSignal; readonly onFile: (name: string) => void },
): Promise<RunOutcome> =>
  tool.processes.run(tool.python, {
    args: argsOf(tool, 'unpack', archive, folder),
    env: tool.env,
    signal: options.signal,
    onLine: options.onFile,
  });

/** Packs a whole folder into one file, which appears only when complete. Throws an Error with Python's output. */
export async function packArchive(tool: ArchiveTool, files: Files, folder: string, archive: string): Promise<void> {
  const part = path.join(path.dirname(archive), `.${path.basename(archive)}.part`);
  const outcome = await tool.processes.run(tool.python, { args: argsOf(tool, 'pack', folder, part), env: tool.env });
  if (outcome.kind === 'exited' && outcome.code === 0) {
    await files.rename(part, archive);
    return;
  }
  await files.remove(part);
  throw new Error('stderr' in outcome ? outcome.stderr.trim() : outcome.kind);
}
