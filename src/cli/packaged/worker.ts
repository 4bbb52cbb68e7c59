/** The thread in which the installed app runs a command, while the main thread waits for it (src/main/packaged/command.ts). */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { CommandData } from '../../main/packaged/command';
import { bundle } from '../bundle';
import { doctor } from '../doctor';
import { environment } from '../environment';
import { exportVideo } from '../export';
import { joinVideos } from '../join';
import { generate } from '../generate';
import { reportErrors } from '../terminal';
import { HELP } from './help';

const COMMANDS = [generate, exportVideo, joinVideos, doctor, environment, bundle];
const { args, state, version } = workerData as CommandData;
const view = new Int32Array(state);

/** A worker's streams go through the main thread, which is blocked; these write directly to the terminal. */
for (const [stream, descriptor] of [
  [process.stdout, 1],
  [process.stderr, 2],
] as const)
  Object.defineProperty(stream, 'write', {
    value: (text: string | Uint8Array) => {
      writeSync(descriptor, typeof text === 'string' ? Buffer.from(text) : text);
      return true;
    },
  });

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === '--version') {
    process.stdout.write(`splitreel ${version}\n`);
    return 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return reportErrors(() => command.run(rest));
  process.stdout.write(HELP);
  return name === undefined || name === '--help' || name === '-h' ? 0 : 2;
}

function enter(index: number, value: number): void {
  Atomics.store(view, index, value);
  Atomics.notify(view, index);
}

async function main(): Promise<void> {
  enter(0, 1);
  let exitCode = 5;
  try {
    exitCode = await run(args);
  } catch (error) {
    process.stderr.write(`Splitreel failed unexpectedly: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    enter(1, exitCode);
    enter(0, 2);
  }
}

void main();
