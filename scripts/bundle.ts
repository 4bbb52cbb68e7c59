/**
 * `npm run bundle -- FOLDER [--variant auto|cuda|cpu]`: all wheels of the lock in one folder, for a computer without a
 * network. There: Machine, Install from a folder; or `npm run environment -- install --from FOLDER`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFiles } from '../src/main/adapters/node/files';
import { nodeProcesses } from '../src/main/adapters/node/processes';
import { makeBundle } from '../src/main/environment/bundle';
import { ensurePip } from './debian';
import { findEnvironment, parseChoice, tellErrors } from './environment';
import { say } from './places';

async function bundle(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { variant: { type: 'string' } } });
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) {
    say('npm run bundle -- FOLDER [--variant auto|cuda|cpu]');
    return 2;
  }
  const folder = path.resolve(given);
  await ensurePip();
  const { service } = await findEnvironment();
  const { variant, lock, lockHash, machineKind, tool, env } = await service.bundleSource(
    parseChoice(values.variant ?? 'auto'),
  );
  const python = await service.systemPython();
  if (python === null) throw new Error('a Python of the version of the lock is needed, with pip');
  say(`Wheels for ${machineKind}, ${variant}, go to ${folder}`);
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
  say(
    `Done: ${((await nodeFiles.folderBytes(folder)) / 1e9).toFixed(1)} GB. Take the whole folder to the other computer.`,
  );
  return 0;
}

process.exitCode = await tellErrors(bundle);
