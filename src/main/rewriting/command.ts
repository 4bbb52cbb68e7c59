/** A local program that reads a prompt from stdin and writes another one to stdout. Started without a shell. */
import path from 'node:path';
import { parseCommandLine } from '../../shared/command-line';
import { appError, SplitreelError } from '../../shared/errors';
import { pick, type Environ } from '../engine/worker-environment';
import type { Processes } from '../ports/processes';

const MAX_OUTPUT_BYTES = 262_144;
const MAX_DETAILS = 2_000;

export interface CommandRequest {
  readonly command: string;
  readonly text: string;
  readonly env: Environ;
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What the program writes to stdout; null where it was canceled. */
export async function askCommand(
  processes: Pick<Processes, 'run'>,
  { command, text, env, cwd, timeoutMs, signal }: CommandRequest,
): Promise<string | null> {
  const parsed = parseCommandLine(command);
  if ('problem' in parsed) throw new SplitreelError(appError('REWRITE_OFF'));
  const [program, ...args] = parsed.args;
  const name = path.basename(program);
  const outcome = await processes.run(program, {
    args,
    env: pick(env, 'base', 'network'),
    cwd,
    input: `${text}\n`,
    isGroup: true,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    timeoutMs,
    signal,
  });
  const failure = (exit: Parameters<typeof appError<'REWRITE_COMMAND_FAILED'>>[1]['exit'], stderr: string) =>
    new SplitreelError(appError('REWRITE_COMMAND_FAILED', { name, exit }, { details: stderr.slice(-MAX_DETAILS) }));
  switch (outcome.kind) {
    case 'exited':
      if (outcome.code !== 0) throw failure(outcome.code, outcome.stderr);
      return outcome.stdout;
    case 'signaled':
      throw failure(outcome.signal, outcome.stderr);
    case 'canceled':
      return null;
    case 'timedOut':
      throw new SplitreelError(appError('REWRITE_TIMED_OUT', { limit: timeoutMs }));
    case 'tooMuchOutput':
      throw new SplitreelError(appError('REWRITE_ANSWER_TOO_LONG'));
    case 'notFound':
      throw new SplitreelError(appError('REWRITE_COMMAND_MISSING', { name: program }));
    case 'failed':
      throw new SplitreelError(appError('REWRITE_COMMAND_UNSTARTABLE', { name }, { details: outcome.problem }));
  }
}
