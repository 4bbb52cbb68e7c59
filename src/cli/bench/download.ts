import { execa } from 'execa';
import path from 'node:path';
import type { Command } from '../command';
import { ROOT } from '../paths';

/** Uses the tests' stand-in for Hugging Face, so it runs in their Python. */
export const download: Command = {
  name: 'download',
  summary: 'download a model from a local server, compared with curl; hash it, compared with reading the disk',
  run: async (args) => {
    const python = ['tsx', path.join(ROOT, 'scripts', 'test-python.ts'), '-m', 'tests.hub.bench', ...args];
    const env = { NO_PROXY: '*', no_proxy: '*' };
    const { exitCode } = await execa('npx', python, { cwd: ROOT, stdio: 'inherit', env, reject: false });
    return exitCode ?? 1;
  },
};
