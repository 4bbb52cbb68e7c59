import type { FirstFrames, UsedFrames } from '../library/first-frames';
import type { Library } from '../library/library';
import type { SettingsService } from '../settings/settings';
import { createStorage, type StorageService } from '../storage/storage';
import type { EnvironmentServices } from './environment';
import type { Foundation } from './foundation';
import { usedFirstFrames } from './library';

export interface StorageServices {
  readonly settings: SettingsService;
  readonly library: Library;
  readonly firstFrames: FirstFrames;
  readonly stopEngine: () => Promise<void>;
}

export function composeStorage(
  base: Foundation,
  { environment, locations }: EnvironmentServices,
  { settings, library, firstFrames, stopEngine }: StorageServices,
): StorageService {
  const { ports, folders, store, signals } = base;
  const used = async (): Promise<UsedFrames> => {
    // A library that was not read yet would look like one without videos.
    await library.scan();
    return usedFirstFrames(base, { settings, library });
  };
  return createStorage(
    {
      files: ports.files,
      locations,
      environment,
      isBusy: signals.isBusy,
      modelsFolder: () => settings.get().modelsFolder ?? folders.models,
      firstFrames: {
        unusedBytes: async () => firstFrames.unusedBytes(await used()),
        removeUnused: async () => firstFrames.removeUnused(await used()),
      },
      stopEngine,
    },
    { folders, onChange: (value) => store.set('storage', value) },
  );
}
