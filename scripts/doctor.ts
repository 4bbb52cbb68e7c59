/** `npm run doctor`: what is wrong with driver, GPUs, environment, disk and models, and what to do. Installs nothing. */
import path from 'node:path';
import { execa } from 'execa';
import { BORROWED_DOCTOR } from '../src/main/diagnostics/doctor';
import { findEnvironment, runSplitreel } from './environment';
import { ROOT, say } from './places';

async function doctor(words: readonly string[]): Promise<number> {
  const { service, root } = await findEnvironment();
  if ((await service.current()) !== null) return runSplitreel('doctor', words);
  const python = await service.systemPython();
  if (python === null) {
    const { pythonVersion } = await service.installSettings();
    say(`[problem] environment: Python ${pythonVersion} was not found. Install it, then run npm start.`);
    return 3;
  }
  const { exitCode } = await execa(python, ['-I', '-c', BORROWED_DOCTOR, path.join(ROOT, 'python'), ...words], {
    env: { SPLITREEL_DATA: root },
    stdio: 'inherit',
    reject: false,
  });
  return exitCode ?? 3;
}

process.exitCode = await doctor(process.argv.slice(2));
