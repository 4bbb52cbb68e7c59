/** The models folder, its free disk space, and moving it while no model is in use. */
import path from 'node:path';
import type { HubState } from '../../shared/download';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import type { SettingsService } from '../settings/settings';
import type { MovePorts } from '../storage/move-folder';
import { moveModels } from './move';

export interface ModelsFolderPorts {
  readonly files: Files;
  readonly settings: Pick<SettingsService, 'get' | 'setModelsFolder'>;
  readonly movePorts: MovePorts;
  /** True while a model may be read. */
  readonly isBusy: () => boolean;
  /** Pauses downloads during the move and checks the models again afterwards. */
  readonly whileResting: (move: () => Promise<void>) => Promise<void>;
}

type State = Pick<HubState, 'modelsFolder' | 'freeBytes' | 'moving'>;

export interface ModelsFolder {
  readonly state: () => State;
  /** The newest first: two while models are moved. */
  readonly all: () => readonly string[];
  /** After whatever takes or frees space. */
  readonly measureDisk: () => Promise<void>;
  readonly move: (folder: string) => Promise<void>;
  /** Finishes a move that the last run of the app began. */
  readonly resume: () => Promise<void>;
}

export function createModelsFolder(ports: ModelsFolderPorts, fallback: string, onState: () => void): ModelsFolder {
  const { files, settings } = ports;
  let moving: HubState['moving'] = null;
  let freeBytes: number | null = null;
  const folder = (): string => settings.get().modelsFolder ?? fallback;
  const setMoving = (next: HubState['moving']): void => {
    moving = next;
    onState();
  };
  const measureDisk = async (): Promise<void> => {
    // Without an answer from the disk, leave out its free space.
    freeBytes = await files.freeBytes(folder()).catch(() => null);
    onState();
  };
  /** Continues until everything has moved, also after a crash: both folders are in the settings. */
  const finishMove = (from: string, to: string): Promise<void> =>
    ports.whileResting(async () => {
      try {
        await moveModels(ports.movePorts, from, to, setMoving);
        await settings.setModelsFolder(to, null);
      } finally {
        moving = null;
        await measureDisk();
      }
    });
  return {
    state: () => ({ modelsFolder: folder(), freeBytes, moving }),
    all: () => {
      const before = settings.get().modelsFolderBefore;
      return before === null ? [folder()] : [folder(), before];
    },
    measureDisk,
    move: async (to) => {
      const from = folder();
      if (moving !== null || ports.isBusy()) throw new SplitreelError(appError('MODELS_IN_USE'));
      const chosen = (await files.stat(to)) === null ? to : await files.realPath(to);
      if (path.relative(from, chosen) === '') return;
      // A folder inside the one that is moved would be moved into itself.
      if (!path.relative(from, chosen).startsWith('..'))
        throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder: chosen }));
      moving = { modelId: null, doneBytes: 0, totalBytes: 0 };
      try {
        await settings.setModelsFolder(chosen, from);
      } catch (error) {
        moving = null;
        throw error;
      }
      await finishMove(from, chosen);
    },
    resume: async () => {
      const before = settings.get().modelsFolderBefore;
      if (before !== null) await finishMove(before, folder());
    },
  };
}
