/**
 * A slot counts as ready only after it has imported its packages in the locked versions and generated a tiny video with
 * the right numbers on each kind of device: `python -m splitreel smoke`, which users can run too.
 */
import path from 'node:path';
import { z } from 'zod';
import type { InstallCheck } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import { smokeEventSchema, type SmokeEvent } from '../../shared/smoke';
import { attachJsonLines, type Ending } from '../json-lines/json-lines-process';
import type { RunOutcome } from '../ports/processes';
import { outputOrThrow, type MakeError } from './install-errors';
import { atStep, type InstallPlan, type InstallPorts } from './install-plan';
import { checkFolderIn } from './leftovers';
import { packageEntry } from './package-entry';

const CHECK_TIMEOUT_MS = 600_000;
/** It doesn't read stdin, so closing that doesn't end it. */
const RUNG_MS = 300;

export async function checkSlot(ports: InstallPorts, plan: InstallPlan): Promise<Record<string, string>> {
  const folder = checkFolderIn(plan.root, plan.slot);
  const checkCount = 1 + plan.devices.length;
  const report = (completed: number, check: InstallCheck): void =>
    plan.onProgress({ ...atStep('checking'), check, completed, total: checkCount });
  report(0, 'imports');
  try {
    await ports.files.makeFolder(folder);
    let begun = 0;
    let last: SmokeEvent | null = null;
    const ending = await runSmoke(ports, plan, folder, (event) => {
      last = event;
      if (event.type === 'videoStarted') report((begun += 1), event.device);
    });
    const versions = versionsOf(last, ending, plan.root);
    report(checkCount, plan.devices.at(-1) ?? 'imports');
    return versions;
  } finally {
    await ports.files.remove(folder);
  }
}

async function runSmoke(
  ports: InstallPorts,
  plan: InstallPlan,
  folder: string,
  onEvent: (event: SmokeEvent) => void,
): Promise<Awaited<ReturnType<typeof attachJsonLines>['ended']>> {
  if (plan.signal.aborted) return { kind: 'stopped', lastOutput: '' };
  const lock = path.join(plan.slots.folderOf(plan.slot), 'requirements.lock');
  const devices = plan.devices.flatMap((device) => ['--device', device]);
  const flags = ['--events', '--lock', lock, '--work_dir', folder, ...devices];
  const child = attachJsonLines({
    ...ports,
    name: 'smoke',
    process: ports.processes.startWorker(plan.slots.pythonOf(plan.slot), {
      args: [...packageEntry(plan.pythonFolder), 'smoke', ...flags],
      env: plan.workerEnv,
      cwd: folder,
    }),
    timeLimitMs: CHECK_TIMEOUT_MS,
    rungMs: RUNG_MS,
    commandSchema: z.never(),
    eventSchema: smokeEventSchema,
    onEvent,
  });
  const stop = (): void => void child.stop();
  plan.signal.addEventListener('abort', stop);
  try {
    return await child.ended;
  } finally {
    plan.signal.removeEventListener('abort', stop);
  }
}

function versionsOf(
  last: SmokeEvent | null,
  ending: Ending & { readonly lastOutput: string },
  folder: string,
): Record<string, string> {
  if (last?.type === 'smokeFailed') throw new SplitreelError(last.error);
  outputOrThrow(outcomeOf(ending), { folder, program: 'splitreel smoke', toError: broken });
  if (last?.type !== 'smokePassed') throw broken({ details: '', reasons: [{ code: 'check_unfinished', params: {} }] });
  return last.versions;
}

/** The result in the form of a program that printed the same. */
function outcomeOf(ending: Ending & { readonly lastOutput: string }): RunOutcome {
  const output = { stdout: '', stderr: ending.lastOutput };
  switch (ending.kind) {
    case 'stopped':
      return { kind: 'canceled' };
    case 'timedOut':
    case 'hung':
      return { kind: 'timedOut', ...output };
    case 'protocolBroken':
      return { kind: 'failed', problem: ending.problem };
    case 'exited': {
      const { code, signal, problem } = ending.exit;
      if (signal !== null) return { kind: 'signaled', signal, ...output };
      return code === null ? { kind: 'failed', problem: problem ?? '' } : { kind: 'exited', code, ...output };
    }
  }
}

const broken: MakeError = (extra) => new SplitreelError(appError('ENVIRONMENT_BROKEN', {}, extra));
