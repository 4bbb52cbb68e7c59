/** `npm run test:packaged`: builds the packages and tests them; `-- --roots` tests the .deb in clean Debian roots. */
import { execa } from 'execa';
import { ROOT } from '../src/cli/paths';
import { print } from '../src/cli/terminal';
import { testRoots } from './roots/index';

async function main([first, ...rest]: readonly string[]): Promise<number> {
  if (first === '--roots') return testRoots(rest);
  const run = async (...command: readonly string[]): Promise<number> =>
    (await execa('npx', command, { cwd: ROOT, stdio: 'inherit', reject: false })).exitCode ?? 1;
  const packages = await run('vitest', 'run', '--project', 'packaged');
  return packages === 0 ? run('tsx', 'scripts/e2e.ts', '--packaged') : packages;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
