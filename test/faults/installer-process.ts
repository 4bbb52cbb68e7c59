/** An install in a separate process, which can be stopped at a step and killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import type { ProcessRecord } from '../../src/main/ports/processes';
import { ROOT, type Rig } from './install-rig';

/**
 * The app's code on Node's file system, except that a rename to a path that ends with `halt` blocks forever, `before` or
 * `after` it is done.
 */
const INSTALLER = `
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const { options, halt } = JSON.parse(process.argv[2]);
const rename = promises.rename;
const wait = () => new Promise(() => { console.log('halted'); setInterval(() => undefined, 1000); });
promises.rename = async (from, to) => {
  const isIt = halt !== null && to.endsWith(halt.name);
  if (isIt && halt.when === 'before') await wait();
  await rename(from, to);
  if (isIt && halt.when === 'after') await wait();
};
syncBuiltinESMExports();
const { nodeFiles } = await import('${ROOT}/src/main/adapters/node/files');
const { nodeProcesses } = await import('${ROOT}/src/main/adapters/node/processes');
const { nodeClock } = await import('${ROOT}/src/main/adapters/node/clock');
const { nodeRandom } = await import('${ROOT}/src/main/adapters/node/random');
const { createEnvironment } = await import('${ROOT}/src/main/install/environment');
const log = { info: (line) => console.log(line), warn: (line) => console.log(line), error: (line) => console.log(line) };
const service = createEnvironment(
  { files: nodeFiles, clock: nodeClock, processes: nodeProcesses, random: nodeRandom, log },
  { ...options, root: () => options.root, downloadsFolder: () => options.downloads, choice: () => 'cpu',
    pid: process.pid, onChange: (state) => console.log('state ' + JSON.stringify(state)) },
);
try {
  await service.install();
} catch (error) {
  console.log('failed ' + JSON.stringify(error.error));
}
`;

export interface Installer {
  readonly pid: number;
  readonly lines: readonly string[];
  readonly hasPrinted: (part: string) => boolean;
  /** Stops it and its child processes where they are. */
  readonly freeze: () => void;
  /** With its child processes, as when a computer is switched off; or alone, as by kill -9. */
  readonly kill: (what: 'all' | 'alone') => Promise<void>;
  readonly ended: Promise<void>;
}

export interface InstallerOptions {
  readonly halt?: { readonly name: string; readonly when: 'before' | 'after' };
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts it, such as `unshare`. */
  readonly prefix?: readonly string[];
}

export async function startInstaller(rig: Rig, overrides: InstallerOptions = {}): Promise<Installer> {
  const script = rig.at('installer.mts');
  await writeFile(script, INSTALLER);
  const { root, downloadsFolder, ...options } = rig.options(overrides.env);
  const given = { options: { ...options, root: root(), downloads: downloadsFolder() }, halt: overrides.halt ?? null };
  const tsx = path.join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const command = [...(overrides.prefix ?? []), process.execPath, tsx, script, JSON.stringify(given)];
  // In its own process group, so that it can be killed with its children.
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = pidOf(child);
  return {
    pid,
    lines,
    hasPrinted: (part) => lines.some((line) => line.includes(part)),
    freeze: () => void process.kill(-pid, 'SIGSTOP'),
    kill: async (what) => {
      // tsx runs the script in a child process.
      const makers = await makersOf(pid, script);
      if (what === 'all') process.kill(-pid, 'SIGKILL');
      else for (const maker of makers) process.kill(maker.pid, 'SIGKILL');
      await ended;
      // A killed process exists until its memory is freed, and until then it counts as a running install.
      await reaches(async () =>
        (await Promise.all(makers.map((maker) => nodeProcesses.find(maker.pid)))).every((left) => left === null),
      );
    },
    ended,
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the installer could not be started');
  return pid;
}

const makersOf = async (pid: number, script: string): Promise<readonly ProcessRecord[]> =>
  (await nodeProcesses.tree(pid)).filter(({ commandLine }) => commandLine.includes(script));

/** Programs with the folder of a slot or of a partial tool in their command lines. */
export async function programsOf(rig: Rig): Promise<readonly string[]> {
  const all = await nodeProcesses.tree(1);
  const root = rig.options().root();
  return all
    .map(({ commandLine }) => commandLine)
    .filter((line) => line.includes(`${root}/`) && !line.includes('installer.mts'));
}

export const reaches = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  expect.poll(condition, { timeout: 90_000, interval: 5 }).toBe(true);
