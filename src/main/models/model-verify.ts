/** Hashes the files of models; an entry shows how far it is and what was found. */
import type { Log } from '../ports/log';
import type { Hub } from './hub';
import type { ModelCheck } from './model-check';
import type { ModelList } from './model-list';
import { recordFile } from './record';

export interface VerifyPorts {
  readonly log: Log;
  readonly hub: Pick<Hub, 'verify'>;
  readonly recordsFolder: string;
}

export interface ModelVerify {
  readonly verify: (modelId: string) => Promise<void>;
  readonly verifyNew: () => Promise<void>;
}

export function createModelVerify(
  ports: VerifyPorts,
  list: ModelList,
  { check }: Pick<ModelCheck, 'check'>,
): ModelVerify {
  const run = async (modelId: string, everything: boolean): Promise<void> => {
    const entry = list.find(modelId);
    const location = entry?.files?.location;
    if (entry === undefined || entry.path === null || location === undefined || location === 'app') return;
    const show = (verifying: { doneBytes: number; totalBytes: number } | null): void =>
      list.show(modelId, (now) => (now.files === null ? now : { ...now, files: { ...now.files, verifying } }));
    show({ doneBytes: 0, totalBytes: entry.sizeBytes ?? 0 });
    try {
      const record = recordFile(entry.path, location, ports.recordsFolder);
      await ports.hub.verify({ modelId, folder: entry.path, recordFile: record, everything }, show);
    } finally {
      show(null);
      await check(entry);
    }
  };
  return {
    verify: (modelId) => run(modelId, true),
    verifyNew: async () => {
      for (const { id, state } of list.get()) {
        const status = list.recordOf(id)?.status;
        if (state.status !== 'ready' || (status !== 'none' && status !== 'stale')) continue;
        await run(id, false).catch((error: unknown) => ports.log.warn(`${id} could not be verified: ${String(error)}`));
      }
    },
  };
}
