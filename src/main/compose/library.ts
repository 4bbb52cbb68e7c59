import type { EnvironmentService } from '../install/environment';
import { createExports, type Exports } from '../library/exports';
import { createFirstFrames, type FirstFrames, type UsedFrames } from '../library/first-frames';
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
      onRead: (video) => marks.applyTo([video]).forEach((each) => store.check('library', each)),
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
    library.rescan();
  });
  return { library, marks };
}

/** For commands that write a file. */
export const fileCommandPorts = ({ ports, log, options, folders }: Foundation, environment: EnvironmentService) => ({
  ...ports,
  log,
  python: environment.current,
  env: options.env,
  cwd: folders.root,
});

export const composeFirstFrames = (base: Foundation, environment: EnvironmentService): FirstFrames =>
  createFirstFrames({ ...fileCommandPorts(base, environment), folder: base.folders.firstFrames });

/**
 * Of the form, the jobs and the videos that are there, also discarded ones that can still be brought back. Null without
 * the videos folder, which may be on a drive that is away: its videos could use any frame.
 */
export async function usedFirstFrames(
  base: Foundation,
  { settings, library }: { readonly settings: SettingsService; readonly library: Pick<Library, 'get'> },
): Promise<UsedFrames> {
  const { ports, store } = base;
  if ((await ports.files.stat(videosFolder(base, settings))) === null) return null;
  const images = [
    ...store.get('jobs').map(({ request }) => request.imagePath),
    ...library.get().map(({ metadata }) => metadata.request.imagePath),
    store.get('settings').draft?.request.imagePath ?? null,
  ];
  return new Set(images.filter((image) => image !== null));
}

export const composeExports = (base: Foundation, environment: EnvironmentService): Exports =>
  createExports(fileCommandPorts(base, environment), (exports) => base.store.set('exports', [...exports]));
