import { execa } from 'execa';
import path from 'node:path';
import { WITHOUT_ENVIRONMENT } from '../main/diagnostics/doctor';
import { workerEnvironment } from '../main/engine/worker-environment';
import { pythonRange } from '../main/install/install-settings';
import { packageEntry } from '../main/install/package-entry';
import { describeFinding, type Finding } from '../shared/doctor';
import { DATA_FOLDER } from '../shared/variables';
import type { Command } from './command';
import { openUserServices } from './compose';
import { callerFolder, ROOT } from './paths';
import { runPackage } from './run-python';
import { print } from './terminal';

async function run(args: readonly string[]): Promise<number> {
  const { environment, dataFolder } = await openUserServices();
  if ((await environment.current()) !== null) return runPackage(['doctor', ...args]);
  const python = await environment.systemPython();
  if (python === null) {
    const finding = pythonMissing(pythonRange(await environment.installSettings()));
    const { text, action } = describeFinding(finding);
    print(args.includes('--json') ? JSON.stringify([finding], null, 2) : `[problem] environment: ${text} ${action}`);
    return 3;
  }
  const entry = packageEntry(path.join(ROOT, 'python'));
  const { exitCode } = await execa(python, [...entry, 'doctor', WITHOUT_ENVIRONMENT, ...args], {
    cwd: callerFolder(),
    env: { ...workerEnvironment(process.env), [DATA_FOLDER]: dataFolder },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  });
  return exitCode ?? 3;
}

/** As Python's doctor reports what it finds. */
const pythonMissing = (versions: string): Finding => ({
  topic: 'environment',
  status: 'problem',
  sentence: { code: 'python_missing', params: { versions } },
  error: null,
  details: null,
  fix: null,
});

export const doctor: Command = {
  name: 'doctor',
  summary: 'check the driver, GPUs, environment, disk and models; installs nothing',
  run,
};
