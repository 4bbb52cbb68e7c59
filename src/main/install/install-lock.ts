/**
 * One install at a time over all processes that share a data folder: the window and the commands make the same slots.
 * Also the note by which the next start finds, ends and sweeps up what an install that was killed left running.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import type { Processes } from '../ports/processes';

const noteSchema = z.object({ pid: z.number().int(), startTime: z.string(), slot: z.string() });
type Note = z.infer<typeof noteSchema>;

interface Ports {
  readonly files: Files;
  readonly processes: Pick<Processes, 'find' | 'tree' | 'killPid'>;
}

const fileIn = (root: string): string => path.join(root, 'installing.json');

async function readNote({ files }: Ports, root: string): Promise<Note | null> {
  const text = await files.readText(fileIn(root)).catch(() => null);
  try {
    return text === null ? null : noteSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The slot that another process is making now; null where none is. */
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

export const dropLock = ({ files }: Ports, root: string): Promise<void> => files.remove(fileIn(root));

/** How often it is looked whether they have gone: a look takes about 10 ms, and what was killed goes in a few. */
const MAX_LOOKS = 500;

/**
 * Ends programs of an install whose maker was killed: they would go on writing, uv for as long as the index keeps it
 * waiting. Found by the slot's name, which is random and stands in their command lines; a process id alone may belong to
 * somebody else by now. Resolves when they have gone.
 */
export async function endOrphans(ports: Ports, root: string, pid: number): Promise<void> {
  const note = await readNote(ports, root);
  if (note === null || note.pid === pid || (await slotOfAnother(ports, root, pid)) !== null) return;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const all = await ports.processes.tree(1);
    const left = all.filter((record) => record.pid !== pid && record.commandLine.includes(note.slot));
    if (left.length === 0) break;
    for (const record of left) ports.processes.killPid(record.pid, 'SIGKILL');
  }
  await dropLock(ports, root);
}
