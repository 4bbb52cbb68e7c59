/**
 * `npm run bundle -- PLACE [--variant auto|cuda|cpu]`: all wheels of the lock in one folder, or in one file where PLACE
 * ends in .zip, for a computer without a network. There: Machine, Install from a folder or Install from a zip; or
 * `npm run environment -- install --from PLACE`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFiles } from '../src/main/adapters/node/files';
import { nodeProcesses } from '../src/main/adapters/node/processes';
import { makeBundle } from '../src/main/install/bundle';
import { isArchive, packArchive } from '../src/main/install/bundle-archive';
import { ensurePip } from './debian';
import { findEnvironment, parseChoice, tellErrors } from './environment';
import { ROOT, say } from './places';

async function bundle(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { variant: { type: 'string' } } });
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) {
    say('npm run bundle -- FOLDER|FILE.zip [--variant auto|cuda|cpu]');
    return 2;
  }
  const place = path.resolve(given);
  // Kept until the zip is made: what has come by then is not fetched again.
  const folder = isArchive(place) ? `${place}.part` : place;
  await ensurePip();
  const { service } = await findEnvironment();
  const { variant, lock, lockHash, machineKind, tool, env } = await service.bundleSource(
    parseChoice(values.variant ?? 'auto'),
  );
  const python = await service.systemPython();
  if (python === null) throw new Error('a Python of the version of the lock is needed, with pip');
  say(`Wheels for ${machineKind}, ${variant}, go to ${place}`);
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
        if (/^(Collecting|ERROR|\s+Downloading|\s+File was already)/.test(line)) say(line.trim());
      },
    },
  );
  if (isArchive(place)) {
    const pythonFolder = path.join(ROOT, 'python');
    await packArchive({ processes: nodeProcesses, python, pythonFolder, env }, nodeFiles, folder, place);
    await nodeFiles.remove(folder);
  }
  const bytes = isArchive(place) ? (await nodeFiles.stat(place))?.sizeBytes : await nodeFiles.folderBytes(place);
  say(`Done: ${((bytes ?? 0) / 1e9).toFixed(1)} GB. Take all of ${place} to the other computer.`);
  return 0;
}

process.exitCode = await tellErrors(bundle);
