import type { EnvironmentService } from '../install/environment';
import { createExports, type Exports } from '../library/exports';
import { createLibrary, type Library, type VideoFile } from '../library/library';
import { openMarks, type Marks } from '../library/marks';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';
import { videosFolder } from './settings';

export interface LibraryServices {
  readonly library: Library;
  readonly marks: Marks;
}

export async function composeLibrary(base: Foundation, settings: SettingsService): Promise<LibraryServices> {
  const { ports, folders, log, store, signals } = base;
  const folder = (): string => videosFolder(base, settings);
  let inSight: readonly VideoFile[] = [];
  const publish = (): void => store.set('library', [...marks.applyTo(inSight)]);
  const marks = await openMarks({ ...ports, log }, { file: folders.marksFile, onChange: publish });
  base.notify(marks.problem);
  const library = createLibrary(
    { ...ports, log, folder, thumbnailsFolder: folders.thumbnails },
    {
      onScanned: marks.follow,
      onVideos: (videos) => {
        inSight = videos;
        publish();
      },
    },
  );
  let scanned = folder();
  signals.settingsChanged.subscribe(() => {
    if (folder() === scanned) return;
    scanned = folder();
    void library.scan();
  });
  return { library, marks };
}

export const composeExports = (base: Foundation, environment: EnvironmentService): Exports =>
  createExports(
    { ...base.ports, log: base.log, python: environment.current, env: base.options.env, cwd: base.folders.root },
    (exports) => base.store.set('exports', [...exports]),
  );
