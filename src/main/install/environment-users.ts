/** Programs that run from an environment, whoever started them: the window's engine, or a command in another terminal. */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { Processes } from '../ports/processes';

/** Throws ENVIRONMENT_IN_USE with the process ids. `pid` is this process, whose arguments may name the folder too. */
export async function refuseWhileUsed(processes: Pick<Processes, 'tree'>, root: string, pid: number): Promise<void> {
  const slots = path.join(root, 'slots') + path.sep;
  const users = (await processes.tree(1)).filter((each) => each.pid !== pid && each.commandLine.startsWith(slots));
  if (users.length === 0) return;
  // Not their command lines, which may contain prompts.
  const details = users.map((user) => `process ${String(user.pid)}`).join(', ');
  throw new SplitreelError(appError('ENVIRONMENT_IN_USE', { folder: root }, { details }));
}
