import { expect, test } from 'vitest';
import { nodeFiles } from '../adapters/node/files';
import { withPipConfig } from './pip-config';

/** Output of `pip config list`, and what uv and pip then get. */
async function given(output: string, env: Record<string, string>): Promise<Readonly<Record<string, string>>> {
  const run = () => Promise.resolve({ kind: 'exited' as const, code: 0, stdout: output, stderr: '' });
  const stat = (file: string) =>
    Promise.resolve(
      file === '/etc/ssl/certs/ca-certificates.crt' ? { kind: 'file' as const, sizeBytes: 1, modifiedMs: 0 } : null,
    );
  return withPipConfig({ files: { ...nodeFiles, stat }, processes: { run } }, 'python3', env);
}

test.each<[string, string, Record<string, string>, string | undefined, string | undefined]>([
  ["nothing configured: the system's", '', {}, undefined, '/etc/ssl/certs/ca-certificates.crt'],
  ["pip's file", "global.cert='/pip.pem'", {}, '/pip.pem', undefined],
  ['a variable', '', { SSL_CERT_FILE: '/mine.pem' }, '/mine.pem', '/mine.pem'],
  ["a variable and pip's file", "global.cert='/pip.pem'", { SSL_CERT_FILE: '/mine.pem' }, '/mine.pem', '/mine.pem'],
  ['a variable of pip', '', { SSL_CERT_FILE: '/mine.pem', PIP_CERT: '/p.pem' }, '/mine.pem', '/p.pem'],
])('which certificates apply: %s', async (_name, output, env, forUv, forPip) => {
  const result = await given(output, env);
  expect([result['SSL_CERT_FILE'], result['PIP_CERT']]).toEqual([forUv, forPip]);
});

test("pip's indexes, links and proxy reach uv, and uv's own settings stay", async () => {
  const output = "global.index-url='https://i/simple'\nglobal.proxy='http://p:1'\nglobal.find-links='/a /b'";
  expect(await given(output, { UV_DEFAULT_INDEX: 'https://mine/simple' })).toMatchObject({
    UV_DEFAULT_INDEX: 'https://mine/simple',
    HTTPS_PROXY: 'http://p:1',
    HTTP_PROXY: 'http://p:1',
    UV_FIND_LINKS: '/a,/b',
  });
});
