import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { appError } from '../../shared/errors';
import { cachedPackages, estimateSpace } from './estimate';
import { forUv, parsePipConfig } from './pip-config';
import { chooseVariant, lockFor, wantsFlashAttention, wheelsOf } from './variant';

const PYTHON = path.resolve(import.meta.dirname, '../../../python');
const RESOURCES = path.resolve(import.meta.dirname, '../../../resources');
const lock = await readFile(path.join(PYTHON, 'requirements.lock'), 'utf8');
const table = await readFile(path.join(PYTHON, 'requirements.wheels.json'), 'utf8');
const optionalLock = await readFile(path.join(PYTHON, 'requirements-flash-attention.lock'), 'utf8');
const { gpuOnlyPackages, flashAttentionCapability } = JSON.parse(
  await readFile(path.join(RESOURCES, 'environment.json'), 'utf8'),
) as {
  readonly gpuOnlyPackages: readonly string[];
  readonly flashAttentionCapability: string;
};
const usable = (...capabilities: readonly string[]) => ({ kind: 'usable', capabilities }) as const;
const old = { kind: 'old', problem: appError('DRIVER_TOO_OLD', { found: '470', needed: '580' }) } as const;

test('the driver decides, unless the user does', () => {
  expect(chooseVariant('auto', usable())).toEqual({ variant: 'cuda', reason: 'gpu' });
  expect(chooseVariant('auto', { kind: 'none' })).toEqual({ variant: 'cpu', reason: 'noGpu' });
  expect(chooseVariant('auto', old)).toEqual({ variant: 'cpu', reason: 'oldDriver' });
  expect(chooseVariant('cuda', old)).toEqual({ variant: 'cuda', reason: 'chosen' });
});

test('FlashAttention is for Hopper and newer, in the variant for GPUs', () => {
  const wants = (variant: 'cuda' | 'cpu', ...capabilities: readonly string[]) =>
    wantsFlashAttention(variant, usable(...capabilities), flashAttentionCapability);
  expect([wants('cuda', '9.0'), wants('cuda', '12.0'), wants('cuda', '8.6', '9.0')]).toEqual([true, true, true]);
  expect([wants('cuda', '8.9'), wants('cuda'), wants('cpu', '9.0')]).toEqual([false, false, false]);
  expect(wantsFlashAttention('cuda', { kind: 'none' }, flashAttentionCapability)).toBe(false);
});

const pinsOf = (text: string): readonly string[] => [...text.matchAll(/^([\w.-]+)==/gm)].map(([, name = '']) => name);

test("FlashAttention's lock adds packages, all with hashes and sizes, and pins none of the engine's", () => {
  const added = pinsOf(optionalLock);
  expect(added).toContain('flash-attn-4');
  expect(added.filter((name) => pinsOf(lock).includes(name))).toEqual([]);
  expect(wheelsOf(table, 'linux-x64', optionalLock).map(({ name }) => name)).toEqual([...added].sort());
});

test('the lock without GPU-only packages keeps every other pin with its hashes', () => {
  const cpu = lockFor('cpu', lock, gpuOnlyPackages);
  expect(
    pinsOf(lock)
      .filter((name) => !pinsOf(cpu).includes(name))
      .sort(),
  ).toEqual([...gpuOnlyPackages].sort());
  expect(cpu.split('\n').every((line) => lock.includes(line))).toBe(true);
  expect(lockFor('cuda', lock, gpuOnlyPackages)).toBe(lock);
});

test('the table of sizes belongs to this lock, wheel by wheel', () => {
  const wheels = wheelsOf(table, 'linux-x64', lock + optionalLock);
  const pinned = new Set(pinsOf(lock + optionalLock));
  for (const { name } of wheels) expect(pinned).toContain(name);
  expect(new Set(wheels.map(({ name }) => name)).size).toBe(wheels.length);
  // Every wheel in the table is still in the lock: `npm run lock` writes both.
  expect(wheels).toHaveLength((JSON.parse(table) as { 'linux-x64': unknown[] })['linux-x64'].length);
  expect(wheels.map(({ name }) => name)).toContain('torch');
});

test('packages that uv already has take no space, except on another disk, where they are copied', async () => {
  const wheels = [
    { name: 'a', file: '', sha256: '', bytes: 1, unpackedBytes: 10 },
    { name: 'b', file: '', sha256: '', bytes: 2, unpackedBytes: 20 },
  ];
  const source = { root: '/slots', uvCache: '/cache', wheels, isOffline: false, unpackedBytes: 0, overheadBytes: 5 };
  const disks = (isOne: boolean) => ({
    deviceOf: (folder: string) => Promise.resolve(isOne || folder === '/slots' ? 1 : 2),
    freeBytes: () => Promise.resolve(30),
  });
  const cached = new Set(['a']);
  expect(await estimateSpace(disks(true), { ...source, cached })).toMatchObject({
    downloadBytes: 2,
    downloadCount: 1,
    needs: [{ folder: '/slots', bytes: 25 }],
    fits: true,
  });
  expect(await estimateSpace(disks(false), { ...source, cached: null })).toMatchObject({
    downloadBytes: 3,
    needs: [
      { folder: '/slots', bytes: 35 },
      { folder: '/cache', bytes: 30 },
    ],
    fits: false,
  });
});

test("reads uv's dry run; a failed run gives nothing", () => {
  const output =
    'DEBUG Identified uncached distribution: torch==2\nWould download 1 package\nWould install 2 packages\n + av==1\n + torch==2\n';
  expect(cachedPackages(output)).toEqual(new Set(['av']));
  expect(cachedPackages('error: dns error')).toBeNull();
});

test("uv gets the settings from pip's files; its own variables take precedence", () => {
  const config = parsePipConfig(
    "global.index-url='https://me@pypi.example/simple'\nglobal.cert='/ca.pem'\nglobal.proxy='http://proxy:1'\n" +
      "global.find-links='/a /b'\n:env:.trusted-host='pypi.example'\n",
  );
  expect(forUv(config, {})).toEqual({
    UV_DEFAULT_INDEX: 'https://me@pypi.example/simple',
    SSL_CERT_FILE: '/ca.pem',
    HTTPS_PROXY: 'http://proxy:1',
    HTTP_PROXY: 'http://proxy:1',
    UV_FIND_LINKS: '/a,/b',
    UV_INSECURE_HOST: 'pypi.example',
  });
  const own = { UV_INDEX_URL: 'x', SSL_CERT_FILE: 'y', https_proxy: 'z' };
  expect(Object.keys(forUv(config, own)).sort()).toEqual(['UV_FIND_LINKS', 'UV_INSECURE_HOST']);
});
