import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import environment from '../../../resources/environment.json';
import { SplitreelError } from '../../shared/errors';
import type { RunOutcome } from '../ports/processes';
import { throwUnlessFetched } from './install-errors';
import { installEnvironment } from './install-settings';
import { applyUvLine, mainLine, NO_PACKAGES } from './uv-output';

const { version } = environment.uv;
const transcript = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, 'transcripts', `uv-${version}`, `${name}.txt`), 'utf8');

test('reads an install as this version of uv reports it', () => {
  const lines = transcript('installed').split('\n');
  const progress = lines.reduce(applyUvLine, NO_PACKAGES);
  expect(progress).toMatchObject({ completed: 5, total: 5, areAllDownloaded: true, current: 'sympy' });
  expect(progress.downloaded).toEqual(new Set(['numpy', 'pillow', 'sympy']));
  const halfway = lines.slice(0, 6).reduce(applyUvLine, NO_PACKAGES);
  expect(halfway.downloading).toEqual(new Set(['numpy', 'sympy']));
  expect(halfway.areAllDownloaded).toBe(false);
});

test.each([
  ['hash-mismatch', 'ENVIRONMENT_INSTALL_FAILED', 'Hash mismatch for `filelock==4.2.12`'],
  // The package is called proxy-tools; the network is fine.
  ['package-missing', 'ENVIRONMENT_INSTALL_FAILED', 'proxy-tools was not found'],
  ['proxy-refused', 'NETWORK_UNREACHABLE', 'Connection refused'],
  ['proxy-tunnel', 'NETWORK_UNREACHABLE', 'Connection refused'],
  ['unknown-host', 'NETWORK_UNREACHABLE', 'failed to lookup address'],
])('reads the error of this version of uv in %s.txt', (name, code, cause) => {
  const output = transcript(name);
  expect(codeOf(failed(output))).toBe(code);
  expect(mainLine(output)).toContain(cause);
});

const codeOf = (outcome: RunOutcome): string | null => {
  try {
    throwUnlessFetched(outcome, { folder: '/data', program: 'uv' });
    return null;
  } catch (error) {
    return error instanceof SplitreelError ? error.error.code : 'not ours';
  }
};
const failed = (stderr: string): RunOutcome => ({ kind: 'exited', code: 2, stdout: '', stderr });

test.each<[string, RunOutcome, string | null]>([
  ['done', { kind: 'exited', code: 0, stdout: '', stderr: '' }, null],
  ['canceled', { kind: 'canceled' }, 'CANCELED'],
  ['a full disk', failed('error: failed to write: No space left on device (os error 28)'), 'DISK_RAN_FULL'],
  [
    'no network',
    failed('error: Failed to fetch\n  Caused by: dns error: failed to lookup address information'),
    'NETWORK_UNREACHABLE',
  ],
  ['a certificate', failed('  cause: invalid peer certificate: UnknownIssuer'), 'CERTIFICATE_UNTRUSTED'],
  [
    'a line that is cut',
    failed('error: Failed to download `a==1`\n  cause: error reading a body'),
    'NETWORK_UNREACHABLE',
  ],
  ['a full quota', failed('OSError: [Errno 122] Disk quota exceeded'), 'DISK_RAN_FULL'],
  ['an altered hash', failed('error: Hash mismatch for `torch==2.15.0`'), 'ENVIRONMENT_INSTALL_FAILED'],
  ['a killed uv', { kind: 'signaled', signal: 'SIGKILL', stdout: '', stderr: '' }, 'ENVIRONMENT_INSTALL_FAILED'],
])('%s', (_name, outcome, code) => {
  expect(codeOf(outcome)).toBe(code);
});

test('the error shows the line that names the cause', () => {
  expect(mainLine('warning: x\nerror: Hash mismatch.\nhint: y')).toBe('Hash mismatch');
  const tree =
    'error: Failed to download `a==1`\n  cause: Failed to write\n  cause: Hash mismatch for `a==1`\n\n    Expected:';
  expect(mainLine(tree)).toBe('Failed to download `a==1`: Hash mismatch for `a==1`');
  expect(mainLine('')).toBe('');
});

test('an install sees the package indexes and nothing of the user\u2019s Python', () => {
  const env = {
    HOME: '/home/u',
    PIP_INDEX_URL: 'https://index/simple',
    PYTHONPATH: '/evil',
    VIRTUAL_ENV: '/v',
    HF_TOKEN: 's',
    UV_PROJECT: 'x',
  };
  const given = installEnvironment(env, { uvCache: '/c', managedPythons: '/p' });
  expect(given).toMatchObject({ HOME: '/home/u', PIP_INDEX_URL: 'https://index/simple', UV_CACHE_DIR: '/c' });
  for (const name of ['PYTHONPATH', 'VIRTUAL_ENV', 'HF_TOKEN', 'UV_PROJECT']) expect(given).not.toHaveProperty(name);
});
