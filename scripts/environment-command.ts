/** `npm run environment -- COMMAND`: what the Machine page does, without a window. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { assertNever } from '../src/shared/result';
import { describeEstimate, findEnvironment, install, parseChoice, tellErrors } from './environment';
import { say } from './places';

const USAGE = `npm run environment -- COMMAND
  status                                        what is there
  estimate [--variant auto|cuda|cpu]            what an install would fetch, and where it needs room
  install [--variant auto|cuda|cpu] [--from PLACE]
                                                PLACE: a folder or zip of npm run bundle; nothing is fetched then
  roll-back                                     the slot before
  move environment|downloads FOLDER             to another disk, for example
  remove                                        the environment; downloads, models and videos stay`;

const COMMANDS = ['status', 'estimate', 'install', 'roll-back', 'move', 'remove'] as const;
type Command = (typeof COMMANDS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { variant: { type: 'string' }, from: { type: 'string' } },
});

async function run(command: Command, words: readonly string[]): Promise<number> {
  const { service, places } = await findEnvironment(values.variant === undefined ? null : parseChoice(values.variant));
  switch (command) {
    case 'status':
      say(JSON.stringify(service.get(), null, 2));
      return 0;
    case 'estimate':
      for (const line of describeEstimate(await service.estimate())) say(line);
      return 0;
    case 'install':
      await install(service, { bundle: values.from === undefined ? null : path.resolve(values.from) });
      return 0;
    case 'roll-back':
      await service.rollBack();
      say(JSON.stringify(service.get(), null, 2));
      return 0;
    case 'move': {
      const [name, folder] = words;
      if ((name !== 'environment' && name !== 'downloads') || folder === undefined) return usage();
      // One that was broken off is ended first: until then another is refused.
      await places.resume();
      await places.move(name, path.resolve(folder));
      say(places.folderOf(name));
      return 0;
    }
    case 'remove':
      say(`Removing ${places.folderOf('environment')}`);
      await service.remove();
      return 0;
    default:
      return assertNever(command);
  }
}

function usage(): number {
  say(USAGE);
  return 2;
}

const [word, ...rest] = positionals;
const known = COMMANDS.find((command) => command === word);
process.exitCode = await tellErrors(() => (known === undefined ? Promise.resolve(usage()) : run(known, rest)));
