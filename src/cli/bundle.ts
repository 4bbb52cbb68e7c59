/**
 * Puts every wheel of the lock into one folder, or into one zip where the target ends in .zip, for a computer without a
 * network. On that computer: Machine, Install from a folder or from a zip, or `npm run environment -- install --from`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFiles } from '../main/adapters/node/files';
import { nodeProcesses } from '../main/adapters/node/processes';
import { addPython, makeBundle } from '../main/install/bundle';
import { isArchive, packArchive } from '../main/install/bundle-archive';
import { appError, SplitreelError } from '../shared/errors';
import type { Command } from './command';
import { openUserServices } from './compose';
import { parseVariant } from './install';
import { callOf, fromCaller, ROOT } from './paths';
import { ensurePip } from './system-packages';
import { print } from './terminal';

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { variant: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const [given] = positionals;
  if (values.help === true || given === undefined || positionals.length > 1) {
    print(`${callOf('bundle')} FOLDER|FILE.zip [--variant auto|cuda|cpu]`);
    return values.help === true ? 0 : 2;
  }
  const choice = parseVariant(values.variant ?? 'auto');
  const target = fromCaller(given);
  // Stays until the zip is whole: a second try fetches only what is missing.
  const folder = isArchive(target) ? `${target}.part` : target;
  await ensurePip();
  const { environment } = await openUserServices();
  const { variant, lock, lockHash, machineKind, tool, uv, pythonVersion, env } = await environment.bundleSource(choice);
  const python = await environment.systemPython();
  if (python === null) throw new SplitreelError(appError('PYTHON_MISSING'));
  print(`Collecting the wheels for ${machineKind}, ${variant}, in ${target}`);
  await makeBundle(
    { files: nodeFiles, processes: nodeProcesses },
    {
      folder,
      manifest: { kind: 'splitreel-bundle', machineKind, variant, lockHash },
      lock,
      tool,
      python,
      env,
      onLine: (line) => {
        if (/^(Collecting|ERROR|\s+Downloading|\s+File was already)/.test(line)) print(line.trim());
      },
    },
  );
  // A zip is unpacked by the other computer's Python, which then serves for the environment too.
  if (!isArchive(target)) {
    const wanted = { uv: uv ?? '', folder, version: pythonVersion, env };
    if (uv === null || !(await addPython({ processes: nodeProcesses }, wanted)))
      print(`Python ${pythonVersion} could not be added: the other computer needs its own Python.`);
  }
  if (isArchive(target)) {
    const pythonFolder = path.join(ROOT, 'python');
    await packArchive({ processes: nodeProcesses, python, pythonFolder, env }, nodeFiles, folder, target);
    await nodeFiles.remove(folder);
  }
  const bytes = isArchive(target) ? (await nodeFiles.stat(target))?.sizeBytes : await nodeFiles.folderBytes(target);
  print(`Done: ${((bytes ?? 0) / 1e9).toFixed(1)} GB. Copy all of ${target} to the other computer.`);
  return 0;
}

export const bundle: Command = {
  name: 'bundle',
  summary: 'collect everything needed to install without a network',
  run,
};
