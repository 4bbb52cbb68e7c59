/**
 * Slots are complete environments side by side. One file names the current and the previous slot; it is replaced by
 * rename, so it always names a working slot. A slot counts only once its record is written, after its checks.
 */
import path from 'node:path';
import { z } from 'zod';
import { VARIANTS } from '../../shared/environment';
import { readJsonFile, type JsonReadPorts } from '../state/json-store';

const pointerSchema = z.object({ slot: z.string(), previous: z.string().nullable() });
export type Pointer = z.infer<typeof pointerSchema>;

const recordSchema = z.object({
  lockHash: z.string(),
  versions: z.record(z.string(), z.string()),
  sizeBytes: z.number().nullable(),
  variant: z.enum(VARIANTS).default('cuda'),
  /** FlashAttention was requested too; `versions` contains it if it works. */
  hasFlashAttentionLock: z.boolean().default(false),
  /** Once the slot has generated a video, the previous slot is no longer needed. */
  hasMadeVideo: z.boolean().default(false),
});
export type SlotRecord = z.infer<typeof recordSchema>;

/** The current slot, if it is finished and its interpreter still exists. */
export type WorkingSlot = Pointer & { readonly record: SlotRecord };

const RECORD_NAME = 'splitreel.json';

export interface Slots {
  readonly folderOf: (slot: string) => string;
  readonly pythonOf: (slot: string) => string;
  readonly readPointer: () => Promise<Pointer | null>;
  readonly writePointer: (pointer: Pointer | null) => Promise<void>;
  /** Null for a slot that was never finished. */
  readonly readRecord: (slot: string) => Promise<SlotRecord | null>;
  readonly writeRecord: (slot: string, record: SlotRecord) => Promise<void>;
  /** Null if the pointer names no working slot. */
  readonly readWorking: () => Promise<WorkingSlot | null>;
  /** The current or the previous slot, whichever has generated a video and so is worth keeping. */
  readonly lastProven: (working: WorkingSlot) => Promise<string>;
  /** Back to the previous slot; false if there is none that works. */
  readonly rollBack: () => Promise<boolean>;
  /**
   * The current slot has generated a video: removes the previous one, except if it is `kept`. False if this wasn't its
   * first video.
   */
  readonly markProven: (kept: string | null) => Promise<boolean>;
  /** Removes slots that no pointer names: leftovers of failed installs. */
  readonly removeOthers: (kept: readonly string[]) => Promise<void>;
}

export function openSlots(ports: JsonReadPorts, root: string): Slots {
  const { files } = ports;
  const folder = path.join(root, 'slots');
  const folderOf = (slot: string): string => path.join(folder, slot);
  const notes = openNotes(ports, path.join(root, 'current'), (slot) => path.join(folderOf(slot), RECORD_NAME));
  const { readPointer, writePointer, readRecord, writeRecord } = notes;
  const pythonOf = (slot: string): string => path.join(folderOf(slot), 'bin', 'python');

  const readWorking = async (): Promise<WorkingSlot | null> => {
    const pointer = await readPointer();
    if (pointer === null) return null;
    const record = await readRecord(pointer.slot);
    const python = await files.stat(pythonOf(pointer.slot));
    return record === null || python === null ? null : { ...pointer, record };
  };
  const removeOthers = async (kept: readonly string[]): Promise<void> => {
    for (const name of await files.list(folder)) if (!kept.includes(name)) await files.remove(folderOf(name));
  };
  return {
    ...notes,
    folderOf,
    pythonOf,
    readWorking,
    removeOthers,
    lastProven: async ({ slot, previous, record }) => {
      if (record.hasMadeVideo || previous === null) return slot;
      return (await readRecord(previous))?.hasMadeVideo === true ? previous : slot;
    },
    rollBack: async () => {
      const pointer = await readPointer();
      if (pointer?.previous === null || pointer === null) return false;
      // Its Python may have been the system's, which has been upgraded or removed since.
      const python = await files.stat(pythonOf(pointer.previous));
      if (python === null || (await readRecord(pointer.previous)) === null) return false;
      await writePointer({ slot: pointer.previous, previous: pointer.slot });
      return true;
    },
    markProven: async (kept) => {
      const working = await readWorking();
      if (working === null || working.record.hasMadeVideo) return false;
      await writeRecord(working.slot, { ...working.record, hasMadeVideo: true });
      await writePointer({ slot: working.slot, previous: null });
      await removeOthers([working.slot, ...(kept === null ? [] : [kept])]);
      return true;
    },
  };
}

/** The pointer and the records as files. One that is damaged is set aside and counts as missing. */
function openNotes(ports: JsonReadPorts, pointerFile: string, recordFileOf: (slot: string) => string) {
  const { files } = ports;
  const read = async <T>(file: string, schema: z.ZodType<T>): Promise<T | null> =>
    (await readJsonFile(ports, { file, schema: schema.nullable(), fallback: null })).value;
  return {
    readPointer: (): Promise<Pointer | null> => read(pointerFile, pointerSchema),
    writePointer: async (pointer: Pointer | null): Promise<void> => {
      if (pointer === null) await files.remove(pointerFile);
      else await files.writeAtomically(pointerFile, JSON.stringify(pointer));
    },
    readRecord: (slot: string): Promise<SlotRecord | null> => read(recordFileOf(slot), recordSchema),
    writeRecord: (slot: string, record: SlotRecord): Promise<void> =>
      files.writeAtomically(recordFileOf(slot), JSON.stringify(record)),
  };
}
