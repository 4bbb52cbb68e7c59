import { execa } from 'execa';
import path from 'node:path';
import { ROOT } from '../places';
import { pythonForTests } from '../python-for-tests';
import type { Benchmark } from './benchmark';

/** Uses the stand-in hub of the tests, so it runs with their Python. */
export const download: Benchmark = {
  name: 'download',
  about: 'fetching a model from a stand-in hub, beside curl from the same server; hashing, beside the disk',
  run: async (words) => {
    const python = path.join(await pythonForTests(ROOT), 'bin', 'python');
    const env = { NO_PROXY: '*', no_proxy: '*' };
    const args = ['-m', 'tests.hub.bench', ...words];
    const { exitCode } = await execa(python, args, {
      cwd: path.join(ROOT, 'python'),
      stdio: 'inherit',
      env,
      reject: false,
    });
    return exitCode ?? 1;
  },
};
