/**
 * Allows one install at a time across all processes that share a data folder: the window and the commands make the same
 * slots. The lock also lets the next start find and end programs that a killed install left running.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import type { Processes } from '../ports/processes';
import { readJsonFile, type JsonReadPorts } from '../state/json-store';

const noteSchema = z.object({ pid: z.number().int(), startTime: z.string(), slot: z.string() });
type Note = z.infer<typeof noteSchema>;

interface Ports extends JsonReadPorts {
  readonly processes: Pick<Processes, 'find' | 'tree' | 'killPid'>;
}

const fileIn = (root: string): string => path.join(root, 'installing.json');

/** Null if there is none. A damaged note is set aside and doesn't block the lock. */
async function readNote(ports: Ports, root: string): Promise<Note | null> {
  return (await readJsonFile(ports, { file: fileIn(root), schema: noteSchema.nullable(), fallback: null })).value;
}

/** The slot that another process is making; null if none is. */
export async function slotOfAnother(ports: Ports, root: string, pid: number): Promise<string | null> {
  const note = await readNote(ports, root);
  if (note === null || note.pid === pid) return null;
  const maker = await ports.processes.find(note.pid);
  return maker?.startTime === note.startTime ? note.slot : null;
}

export async function takeLock(ports: Ports, root: string, pid: number, slot: string): Promise<void> {
  if ((await slotOfAnother(ports, root, pid)) !== null) throw new SplitreelError(appError('INSTALL_RUNNING'));
  const own = await ports.processes.find(pid);
  const note: Note = { pid, startTime: own?.startTime ?? '', slot };
  await ports.files.writeAtomically(fileIn(root), JSON.stringify(note));
}

export const dropLock = ({ files }: Pick<Ports, 'files'>, root: string): Promise<void> => files.remove(fileIn(root));

/**
 * How many times the process table is read until they have ended. A read takes about 10 ms, which is usually enough.
 */
const MAX_READS = 500;

/**
 * Ends the programs of an install whose process was killed. Otherwise they would go on writing: uv does while it waits
 * for the index. The slot's random name in their command lines identifies them; a process id alone may now belong to
 * another program. Resolves when they have ended.
 */
export async function endOrphans(ports: Ports, root: string, pid: number): Promise<void> {
  const note = await readNote(ports, root);
  if (note === null || note.pid === pid || (await slotOfAnother(ports, root, pid)) !== null) return;
  for (let read = 0; read < MAX_READS; read += 1) {
    const all = await ports.processes.tree(1);
    const left = all.filter((record) => record.pid !== pid && record.commandLine.includes(note.slot));
    if (left.length === 0) break;
    for (const record of left) ports.processes.killPid(record.pid, 'SIGKILL');
  }
  await dropLock(ports, root);
}
