import type { EnvironmentService } from '../install/environment';
import { createExports, type Exports } from '../library/exports';
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

export const composeExports = (base: Foundation, environment: EnvironmentService): Exports =>
  createExports(
    { ...base.ports, log: base.log, python: environment.current, env: base.options.env, cwd: base.folders.root },
    (exports) => base.store.set('exports', [...exports]),
  );
