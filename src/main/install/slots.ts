/**
 * Slots: whole environments side by side. One file names the current and the one before; it is replaced by rename,
 * so at every moment it names a slot that works. A slot counts only once its record is written, after its checks.
 */
import path from 'node:path';
import { z } from 'zod';
import { VARIANTS } from '../../shared/environment';
import type { Files } from '../ports/files';

const pointerSchema = z.object({ slot: z.string(), previous: z.string().nullable() });
export type Pointer = z.infer<typeof pointerSchema>;

const recordSchema = z.object({
  lockHash: z.string(),
  versions: z.record(z.string(), z.string()),
  sizeBytes: z.number().nullable(),
  variant: z.enum(VARIANTS).default('cuda'),
  /** FlashAttention was to be installed besides; `versions` names it if it works. */
  hasFlashAttentionLock: z.boolean().default(false),
  /** From its first video on the slot before is no longer needed. */
  hasMadeVideo: z.boolean().default(false),
});
export type SlotRecord = z.infer<typeof recordSchema>;

const RECORD_NAME = 'splitreel.json';

export interface Slots {
  readonly folderOf: (slot: string) => string;
  readonly pythonOf: (slot: string) => string;
  readonly readPointer: () => Promise<Pointer | null>;
  readonly writePointer: (pointer: Pointer | null) => Promise<void>;
  /** Null for a slot that was never finished. */
  readonly readRecord: (slot: string) => Promise<SlotRecord | null>;
  readonly writeRecord: (slot: string, record: SlotRecord) => Promise<void>;
  /** Removes what no pointer names: leftovers of installs that did not end well. */
  readonly removeOthers: (kept: readonly string[]) => Promise<void>;
}

export function openSlots(files: Files, root: string): Slots {
  const folder = path.join(root, 'slots');
  const pointerFile = path.join(root, 'current');
  const folderOf = (slot: string): string => path.join(folder, slot);
  const parse = async <T>(file: string, schema: z.ZodType<T>): Promise<T | null> => {
    const text = await files.readText(file).catch(() => null);
    if (text === null) return null;
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      return null;
    }
  };
  return {
    folderOf,
    pythonOf: (slot) => path.join(folderOf(slot), 'bin', 'python'),
    readPointer: () => parse(pointerFile, pointerSchema),
    writePointer: async (pointer) => {
      if (pointer === null) await files.remove(pointerFile);
      else await files.writeAtomically(pointerFile, JSON.stringify(pointer));
    },
    readRecord: (slot) => parse(path.join(folderOf(slot), RECORD_NAME), recordSchema),
    writeRecord: (slot, record) =>
      files.writeAtomically(path.join(folderOf(slot), RECORD_NAME), JSON.stringify(record)),
    removeOthers: async (kept) => {
      for (const name of await files.list(folder)) if (!kept.includes(name)) await files.remove(folderOf(name));
    },
  };
}
