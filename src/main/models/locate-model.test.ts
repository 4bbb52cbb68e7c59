import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import golden from '../../../resources/golden/hub-cache.json';
import { nodeFiles } from '../adapters/node/files';
import { hubCacheFolder, locate } from './locate-model';

test.each(golden.cases)('the Hugging Face cache with $variables', ({ variables, folder }) => {
  expect(hubCacheFolder(variables, '/home/me')).toBe(folder);
});

test.each(golden.snapshots)('the snapshot of a repository: $name', async ({ models, empty, main, found }) => {
  const cacheFolder = await mkdtemp(path.join(tmpdir(), 'splitreel-cache-'));
  onTestFinished(() => rm(cacheFolder, { recursive: true }));
  const repository = path.join(cacheFolder, 'models--me--mine');
  for (const name of [...models, ...empty]) await mkdir(path.join(repository, 'snapshots', name), { recursive: true });
  for (const name of models) await writeFile(path.join(repository, 'snapshots', name, 'model_index.json'), '{}');
  await mkdir(path.join(repository, 'refs'));
  if (main !== null) await writeFile(path.join(repository, 'refs', 'main'), main);
  const entry = { id: 'mine', repositories: ['me/mine'] } as unknown as Parameters<typeof locate>[1];
  const location = await locate(nodeFiles, entry, { modelsFolders: [], cacheFolder });
  expect(location?.folder ?? null).toBe(found === null ? null : path.join(repository, 'snapshots', found));
});
