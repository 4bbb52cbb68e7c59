/**
 * A worker that outlived an app that was killed. It ends by itself when its stdin closes; this makes sure. A process
 * is ours only if its pid, its start time and its command line are what was written down.
 */
import { z } from 'zod';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';

const recordSchema = z.object({ pid: z.number().int().positive(), startTime: z.string(), commandLine: z.string() });

export interface OrphanPorts {
  readonly files: Files;
  readonly processes: Pick<Processes, 'find' | 'tree' | 'killPid'>;
  readonly log: Log;
}

export async function rememberWorker(ports: OrphanPorts, file: string, pid: number): Promise<void> {
  const found = await ports.processes.find(pid);
  if (found === null) return;
  const { startTime, commandLine } = found;
  await ports.files.writeAtomically(file, JSON.stringify({ pid, startTime, commandLine }));
}

export async function endOrphan(ports: OrphanPorts, file: string): Promise<void> {
  const { files, processes, log } = ports;
  const text = await files.readText(file).catch(() => null);
  if (text === null) return;
  const record = recordSchema.safeParse(parseJson(text));
  if (record.success) {
    const found = await processes.find(record.data.pid);
    const isOurs = found?.startTime === record.data.startTime && found.commandLine === record.data.commandLine;
    if (isOurs) {
      log.warn(`a worker of an earlier run was still there (pid ${String(found.pid)}) and is ended`);
      for (const member of await processes.tree(found.pid)) processes.killPid(member.pid, 'SIGKILL');
    }
  }
  await files.remove(file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
