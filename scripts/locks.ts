/**
 * Lock files without host names, so that they install from any registry. `npm run lock` recreates them from
 * package.json and python/*.in; `--check` only compares.
 */
import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../src/cli/paths';
import { print } from '../src/cli/terminal';
import { uvProgram } from './python-for-tests';

const NPM_LOCK = path.join(ROOT, 'package-lock.json');
/** Contains only what it adds to the engine's lock. It is installed together with that lock, or not at all. */
const OPTIONAL = 'requirements-flash-attention';
const PYTHON = ['requirements', 'requirements-dev', OPTIONAL] as const;
const INSTALLED = ['requirements', OPTIONAL].map((name) => path.join(ROOT, 'python', `${name}.lock`)) as [
  string,
  string,
];
const WHEELS = path.join(ROOT, 'python', 'requirements.wheels.json');
const ADDRESS = /https?:\/\//;

interface NpmLock {
  readonly packages: Record<string, Record<string, unknown>>;
}

async function recreate(): Promise<void> {
  await execa('npm', ['install', '--package-lock-only'], { cwd: ROOT, stdio: 'inherit' });
  const lock = JSON.parse(await readFile(NPM_LOCK, 'utf8')) as NpmLock;
  // .npmrc makes npm omit `resolved`; `funding` doesn't belong in the lock either.
  for (const entry of Object.values(lock.packages)) {
    Reflect.deleteProperty(entry, 'funding');
    Reflect.deleteProperty(entry, 'resolved');
  }
  await writeFile(NPM_LOCK, `${JSON.stringify(lock, null, 2)}\n`);
  const uv = await uvProgram();
  const flags = ['--universal', '--python-version', '3.11', '--generate-hashes', '--no-emit-index-url', '--no-header'];
  for (const name of PYTHON) {
    const omitted = name === OPTIONAL ? await pinnedNames(INSTALLED[0]) : [];
    const more = omitted.flatMap((pin) => ['--no-emit-package', pin]);
    await execa(uv, ['pip', 'compile', '--quiet', ...flags, ...more, `${name}.in`, '-o', `${name}.lock`], {
      cwd: path.join(ROOT, 'python'),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  await writeFile(WHEELS, await wheelSizes(uv));
}

async function pinnedNames(lock: string): Promise<readonly string[]> {
  const pins = (await readFile(lock, 'utf8')).matchAll(/^([\w.-]+)==/gm);
  return [...new Set([...pins].map(([, name = '']) => name))];
}

/** The wheels that uv chooses on this kind of machine, with their sizes from the index. */
async function wheelSizes(uv: string): Promise<string> {
  const flags = ['--require-hashes', '--only-binary', ':all:', '--dry-run', '--verbose', '--target', 'nowhere'];
  const { stderr } = await execa(uv, ['pip', 'sync', ...flags, '--python', '3.11', ...INSTALLED]);
  const files = new Set([...stderr.matchAll(/Selecting: \S+ \[compatible\] \((\S+\.whl)\)/g)].map((match) => match[1]));
  const script = path.join(ROOT, 'scripts', 'wheel_sizes.py');
  const { stdout } = await execa('python3', [script, ...INSTALLED], { input: [...files].sort().join('\n') });
  const table = { [`${process.platform}-${process.arch}`]: JSON.parse(stdout) as unknown };
  return `${JSON.stringify(table, null, 2)}\n`;
}

async function problems(): Promise<readonly string[]> {
  const files = [NPM_LOCK, ...PYTHON.map((name) => path.join(ROOT, 'python', `${name}.lock`))];
  const found = await Promise.all(
    files.map(async (file) => {
      const lines = (await readFile(file, 'utf8')).split('\n');
      const bad = lines.findIndex((line) => ADDRESS.test(line) || line.includes('"resolved"'));
      return bad < 0 ? [] : [`${path.relative(ROOT, file)}:${bad + 1} contains a host name: run npm run lock`];
    }),
  );
  const manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as Record<string, object>;
  const lock = JSON.parse(await readFile(NPM_LOCK, 'utf8')) as NpmLock;
  for (const kind of ['dependencies', 'devDependencies'])
    if (JSON.stringify(lock.packages['']?.[kind]) !== JSON.stringify(manifest[kind]))
      return [...found.flat(), `${kind} differ between package-lock.json and package.json: run npm run lock`];
  return found.flat();
}

if (!process.argv.includes('--check')) await recreate();
const wrong = await problems();
for (const line of wrong) print(line);
process.exitCode = wrong.length === 0 ? 0 : 1;
