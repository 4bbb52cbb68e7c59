/**
 * A slot counts as ready only after it has imported what it needs, in the versions of its lock, and made a tiny video with
 * the right numbers on each kind of device: `python -m splitreel smoke`, which a person can run as well.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, appErrorSchema, SplitreelError } from '../../shared/errors';
import { outputOrThrow, type MakeError } from './install-errors';
import { atStep, type InstallPlan, type InstallPorts } from './install-plan';
import { checkFolderIn } from './leftovers';
import { packageEntry } from './package-entry';

const CHECK_TIMEOUT_MS = 600_000;

const eventSchema = z.union([
  z.object({ error: appErrorSchema }),
  z.object({ versions: z.record(z.string(), z.string()) }),
  z.object({ check: z.literal('video'), device: z.string() }),
]);
type SmokeEvent = z.infer<typeof eventSchema>;

/** Null for what is said to nobody in particular: torch prints, too. */
function parseEvent(line: string): SmokeEvent | null {
  try {
    return eventSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

export async function checkSlot(ports: InstallPorts, plan: InstallPlan): Promise<Record<string, string>> {
  const folder = checkFolderIn(plan.root, plan.slot);
  const checkCount = 1 + plan.devices.length;
  const report = (completed: number, current: string): void =>
    plan.onProgress({ ...atStep('checking', current), completed, total: checkCount });
  report(0, 'imports');
  try {
    await ports.files.makeFolder(folder);
    const lock = path.join(plan.slots.folderOf(plan.slot), 'requirements.lock');
    const devices = plan.devices.flatMap((device) => ['--device', device]);
    const words = ['--json_lines', '--lock', lock, '--work_dir', folder, ...devices];
    let begun = 0;
    const outcome = await ports.processes.run(plan.slots.pythonOf(plan.slot), {
      args: [...packageEntry(plan.pythonFolder), 'smoke', ...words],
      env: plan.workerEnv,
      signal: plan.signal,
      timeoutMs: CHECK_TIMEOUT_MS,
      onLine: (line) => {
        const event = parseEvent(line);
        if (event !== null && 'check' in event) report((begun += 1), `a tiny video (${event.device})`);
      },
    });
    const last = 'stdout' in outcome ? parseEvent(outcome.stdout.trim().split('\n').pop() ?? '') : null;
    if (last !== null && 'error' in last) throw new SplitreelError(last.error);
    outputOrThrow(outcome, { folder: plan.root, program: 'splitreel smoke', toError: broken });
    if (last === null || !('versions' in last))
      throw broken({ details: '', reasons: [{ code: 'check_unfinished', params: {} }] });
    report(checkCount, 'a tiny video');
    return last.versions;
  } finally {
    await ports.files.remove(folder);
  }
}

const broken: MakeError = (extra) => new SplitreelError(appError('ENVIRONMENT_BROKEN', {}, extra));
