/** A slot counts as ready only after it has imported what it needs and made a tiny video from end to end. */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import { outputOrThrow } from './install-errors';
import type { InstallPlan, InstallPorts } from './install-plan';
import { checkFolderIn } from './leftovers';

const VERSIONS = `
import importlib, importlib.metadata, json, platform
found = {"python": platform.python_version()}
for name in ("torch", "diffusers", "transformers", "safetensors", "av", "splitreel"):
    importlib.import_module(name)
    if name != "splitreel":
        found[name] = importlib.metadata.version(name)
print(json.dumps(found))
`;

export const MAKE_DEMO = `
import sys
from pathlib import Path
from splitreel.testing.models import make_model
make_model("demo-random", Path(sys.argv[1]))
`;

const TINY_JOB = ['--prompt', 'a small dog runs', '--num_inference_steps', '1'];
const CHECK_TIMEOUT_MS = 600_000;

export async function checkSlot(ports: InstallPorts, plan: InstallPlan): Promise<Record<string, string>> {
  const python = plan.slots.pythonOf(plan.slot);
  const run = async (args: readonly string[], problem: string): Promise<string> => {
    const outcome = await ports.processes.run(python, {
      args: ['-I', ...args],
      env: plan.workerEnv,
      signal: plan.signal,
      timeoutMs: CHECK_TIMEOUT_MS,
    });
    return outputOrThrow(outcome, plan.root, (line, details) => {
      const params = { problem: `${problem}: ${line}` };
      return new SplitreelError(appError('ENVIRONMENT_BROKEN', params, { details }));
    });
  };
  const checkCount = 1 + plan.devices.length;
  const report = (completed: number, current: string): void =>
    plan.onProgress({ step: 'checking', completed, total: checkCount, downloadedBytes: null, current });

  report(0, 'imports');
  const said = await run(['-c', VERSIONS], 'a package cannot be imported');
  const versions = z.record(z.string(), z.string()).parse(JSON.parse(said.split('\n').pop() ?? ''));
  const folder = checkFolderIn(plan.root, plan.slot);
  try {
    const model = plan.demoModel ?? path.join(folder, 'model');
    if (plan.demoModel === null) await run(['-c', MAKE_DEMO, model], 'the test model cannot be made');
    for (const [index, device] of plan.devices.entries()) {
      report(1 + index, `a tiny video (${device})`);
      const words = [
        '--model',
        model,
        '--output_dir',
        path.join(folder, device),
        '--num_frames',
        '9',
        '--device',
        device,
      ];
      const problem = `a tiny video cannot be made (${device})`;
      await run(['-m', 'splitreel', 'generate', ...TINY_JOB, ...words], problem);
    }
  } finally {
    await ports.files.remove(folder);
  }
  report(checkCount, 'a tiny video');
  return versions;
}
