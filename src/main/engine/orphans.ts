/**
 * Ends a worker that outlived a killed app. It should exit by itself when its stdin closes; this makes sure of it. A
 * process is ours only if its pid, start time and command line match the note. Without a note, only stdin can end it.
 */
import { z } from 'zod';
import { describeError } from '../../shared/errors';
import { inLanguage } from '../../shared/language';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import { readJsonFile, type JsonStorePorts } from '../state/json-store';

const schema = z
  .object({ pid: z.number().int().positive(), startTime: z.string(), commandLine: z.string() })
  .nullable();

export interface OrphanPorts extends JsonStorePorts {
  readonly processes: Pick<Processes, 'find' | 'tree' | 'killPid'>;
  readonly log: Log;
}

export async function rememberWorker(ports: OrphanPorts, file: string, pid: number): Promise<void> {
  const found = await ports.processes.find(pid);
  if (found === null) return;
  const { startTime, commandLine } = found;
  await ports.files
    .writeAtomically(file, JSON.stringify({ pid, startTime, commandLine }))
    .catch((error: unknown) => ports.log.error('the running worker could not be noted', error));
}

/** A note that stays does no harm: it matches no other process. */
export const forgetWorker = ({ files, log }: OrphanPorts, file: string): Promise<void> =>
  files.remove(file).catch((error: unknown) => log.error('the note of the worker could not be removed', error));

export async function endOrphan(ports: OrphanPorts, file: string): Promise<void> {
  const { processes, log } = ports;
  const { value: record, problem } = await readJsonFile(ports, { file, schema, fallback: null });
  if (problem !== null) log.warn(inLanguage('en', () => describeError(problem).message));
  if (record !== null) {
    const found = await processes.find(record.pid);
    const isOurs = found?.startTime === record.startTime && found.commandLine === record.commandLine;
    if (isOurs) {
      log.warn(`a worker of an earlier run was still there (pid ${String(found.pid)}) and is ended`);
      for (const member of await processes.tree(found.pid)) processes.killPid(member.pid, 'SIGKILL');
    }
  }
  await forgetWorker(ports, file);
}
