/** The Machine page's actions on the environment, without a window. */
import { parseArgs } from 'node:util';
import { nodeProcesses } from '../main/adapters/node/processes';
import { refuseWhileUsed } from '../main/install/environment-users';
import { assertNever } from '../shared/result';
import type { Command } from './command';
import { openUserServices } from './compose';
import { describeEstimate, install, parseVariant, printSteps } from './install';
import { callOf, fromCaller } from './paths';
import { print } from './terminal';

const USAGE = `${callOf('environment')} COMMAND
  status                                        show the environment's state
  estimate [--variant auto|cuda|cpu]            show the download size and disk space that an install needs
  install [--variant auto|cuda|cpu] [--from BUNDLE]
                                                BUNDLE: a folder or zip made with ${callOf('bundle')}; works without a network
  roll-back                                     go back to the previous version
  move environment|downloads FOLDER             move the environment or the downloads, for example to another disk
  remove                                        remove the environment; keeps downloads, models and videos`;

const ACTIONS = ['status', 'estimate', 'install', 'roll-back', 'move', 'remove'] as const;
type Action = (typeof ACTIONS)[number];

interface Flags {
  readonly variant?: string | undefined;
  readonly from?: string | undefined;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { variant: { type: 'string' }, from: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const [name, ...rest] = positionals;
  const action = ACTIONS.find((each) => each === name);
  if (values.help === true) return usage(0);
  const isWhole = rest.length === (action === 'move' ? 2 : 0);
  return action === undefined || !isWhole ? usage(2) : act(action, rest, values);
}

async function act(action: Action, args: readonly string[], { variant, from }: Flags): Promise<number> {
  const { environment, locations } = await openUserServices({
    ...(variant === undefined ? {} : { choice: parseVariant(variant) }),
    onChange: printSteps(),
  });
  const root = locations.folderOf('environment');
  const changesFiles =
    action === 'roll-back' || action === 'remove' || (action === 'move' && args[0] === 'environment');
  if (changesFiles) await refuseWhileUsed(nodeProcesses, root, process.pid);
  switch (action) {
    case 'status':
      print(JSON.stringify(environment.get(), null, 2));
      return 0;
    case 'estimate':
      for (const line of describeEstimate(await environment.estimate())) print(line);
      return 0;
    case 'install':
      await install(environment, { bundle: from === undefined ? null : fromCaller(from) });
      return 0;
    case 'roll-back':
      await environment.rollBack();
      print(JSON.stringify(environment.get(), null, 2));
      return 0;
    case 'move': {
      const [name, folder] = args;
      if ((name !== 'environment' && name !== 'downloads') || folder === undefined) return usage(2);
      // An interrupted move is finished first: until then another one is refused.
      await locations.resume();
      await locations.move(name, fromCaller(folder));
      print(locations.folderOf(name));
      return 0;
    }
    case 'remove':
      print(`Removing ${root}`);
      await environment.remove();
      return 0;
    default:
      return assertNever(action);
  }
}

function usage(exitCode: number): number {
  print(USAGE);
  return exitCode;
}

export const environment: Command = {
  name: 'environment',
  summary: 'install, move, roll back or remove the Python environment',
  run,
};
