/** Runs the tests' Python in `python/`: `npx tsx scripts/test-python.ts -m pytest tests -k name`. */
import { execa } from 'execa';
import path from 'node:path';
import { ROOT } from '../src/cli/paths';
import { pythonForTests } from './python-for-tests';

const python = path.join(await pythonForTests(ROOT), 'bin', 'python');
const options = { cwd: path.join(ROOT, 'python'), stdio: 'inherit', reject: false } as const;
const { exitCode } = await execa(python, process.argv.slice(2), options);
process.exitCode = exitCode ?? 1;
