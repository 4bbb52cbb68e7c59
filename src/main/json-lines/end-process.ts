/** Ends a process and everything it started: stdin closed, then SIGTERM, then SIGKILL. */
import { sleep, type Clock } from '../ports/clock';
import type { Processes, WorkerProcess } from '../ports/processes';

export type ProcessTable = Pick<Processes, 'tree' | 'find' | 'killPid'>;

/** For each of these steps. */
export const RUNG_MS = 1_500;
const POLL_MS = 25;

export interface EndOptions {
  readonly process: WorkerProcess;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly rungMs: number;
  readonly hasExited: () => boolean;
}

/** Resolves when all of it has ended, or after the last step. */
export async function endProcess({ process, processes, clock, rungMs, hasExited }: EndOptions): Promise<void> {
  // Read first: once the process has ended, its children can no longer be found through it.
  const family = process.pid === null ? [] : await processes.tree(process.pid);
  const remaining = async (): Promise<readonly number[]> => {
    const now = await Promise.all(family.map((member) => processes.find(member.pid)));
    return family.filter((member, index) => now[index]?.startTime === member.startTime).map(({ pid }) => pid);
  };
  const waitUntilGone = async (): Promise<boolean> => {
    const deadline = clock.monotonicMs() + rungMs;
    while (clock.monotonicMs() < deadline) {
      if (hasExited() && (await remaining()).length === 0) return true;
      await sleep(clock, POLL_MS);
    }
    return false;
  };
  process.endInput();
  if (await waitUntilGone()) return;
  process.kill('SIGTERM');
  if (await waitUntilGone()) return;
  process.kill('SIGKILL');
  for (const pid of await remaining()) processes.killPid(pid, 'SIGKILL');
  await waitUntilGone();
}
