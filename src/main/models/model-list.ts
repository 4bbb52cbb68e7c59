/** The models that the window shows, each with the record of what was verified. */
import type { ModelEntry, VerifiedRecord } from '../../shared/models';

export interface ModelList {
  readonly get: () => readonly ModelEntry[];
  readonly find: (modelId: string) => ModelEntry | undefined;
  /** Undefined for a model that is not here. */
  readonly recordOf: (modelId: string) => VerifiedRecord | undefined;
  /** Adds the model or takes the place of its earlier entry. */
  readonly put: (entry: ModelEntry, record?: VerifiedRecord) => void;
  /** Changes what is shown, not the record. */
  readonly show: (modelId: string, change: (entry: ModelEntry) => ModelEntry) => void;
  readonly remove: (modelId: string) => void;
}

export function createModelList(onModels: (models: readonly ModelEntry[]) => void): ModelList {
  let models: readonly ModelEntry[] = [];
  const records = new Map<string, VerifiedRecord>();
  const set = (next: readonly ModelEntry[]): void => {
    models = next;
    onModels(models);
  };
  const find = (modelId: string): ModelEntry | undefined => models.find(({ id }) => id === modelId);
  const replace = (entry: ModelEntry): void => set(models.map((other) => (other.id === entry.id ? entry : other)));
  return {
    get: () => models,
    find,
    recordOf: (modelId) => records.get(modelId),
    put: (entry, record) => {
      if (record === undefined) records.delete(entry.id);
      else records.set(entry.id, record);
      if (find(entry.id) === undefined) set([...models, entry]);
      else replace(entry);
    },
    show: (modelId, change) => {
      const entry = find(modelId);
      if (entry !== undefined) replace(change(entry));
    },
    remove: (modelId) => {
      records.delete(modelId);
      set(models.filter(({ id }) => id !== modelId));
    },
  };
}
