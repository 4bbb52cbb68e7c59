import { createLibrary, type Library } from '../library/library';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';
import { videosFolder } from './settings';

export function composeLibrary(base: Foundation, settings: SettingsService): Library {
  const { ports, folders, log, store, signals } = base;
  const folder = (): string => videosFolder(base, settings);
  const library = createLibrary({ ...ports, log, folder, thumbnailsFolder: folders.thumbnails }, (videos) =>
    store.set('library', [...videos]),
  );
  let scanned = folder();
  signals.settingsChanged.subscribe(() => {
    if (folder() === scanned) return;
    scanned = folder();
    void library.scan();
  });
  return library;
}
