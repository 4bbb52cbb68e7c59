import path from 'node:path';
import { EXPORT_EXTENSIONS } from '../../shared/export';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SettingsService } from '../settings/settings';
import type { Discards } from './discards';
import type { Exports } from './exports';
import type { Guests } from './guests';
import type { Library } from './library';

export interface LibraryCallPorts {
  readonly desktop: Pick<Desktop, 'moveToBin' | 'chooseSavePath' | 'showInFolder' | 'startDrag' | 'chooseFile'>;
  readonly files: Pick<Files, 'copy'>;
  readonly library: Library;
  readonly exports: Exports;
  readonly guests: Pick<Guests, 'open'>;
  readonly discards: Pick<Discards, 'discard' | 'restore'>;
  readonly settings: Pick<SettingsService, 'get' | 'setLastSaveFolder'>;
  /** Where the first copy is offered. */
  readonly home: string;
  /** Shown under the pointer where a video has no thumbnail. */
  readonly dragIcon: string;
}

type LibraryCall =
  | 'openVideoFile'
  | 'discardVideos'
  | 'restoreVideos'
  | 'deleteVideo'
  | 'exportVideo'
  | 'cancelExport'
  | 'saveVideoAs'
  | 'showVideoInFolder'
  | 'dragVideo'
  | 'readVideoSettings';

export const libraryCalls = ({
  desktop,
  files,
  library,
  exports,
  discards,
  guests,
  settings,
  home,
  dragIcon,
}: LibraryCallPorts): Calls<LibraryCall> => ({
  discardVideos: ({ videoIds }) => discards.discard(videoIds),
  restoreVideos: ({ videoIds }) => discards.restore(videoIds),
  deleteVideo: async ({ videoId }) => {
    await desktop.moveToBin(await library.fileOf(videoId));
    await library.scan();
  },
  exportVideo: async ({ videoId, request }) => {
    const file = await library.fileOf(videoId);
    const folder = settings.get().lastSaveFolder ?? home;
    const name = path.basename(file, path.extname(file)) + EXPORT_EXTENSIONS[request.format];
    const target = await desktop.chooseSavePath(request.format, path.join(folder, name));
    if (target === null) return null;
    await settings.setLastSaveFolder(path.dirname(target));
    return exports.run({ videoId, file, target, request });
  },
  cancelExport: ({ exportId }) => exports.cancel(exportId),
  saveVideoAs: async ({ videoId }) => {
    const file = await library.fileOf(videoId);
    const folder = settings.get().lastSaveFolder ?? home;
    const target = await desktop.chooseSavePath('video', path.join(folder, path.basename(file)));
    if (target === null) return null;
    await settings.setLastSaveFolder(path.dirname(target));
    // The dialog has asked whether an existing file may be replaced.
    if (path.resolve(target) !== file) await files.copy(file, target);
    return target;
  },
  showVideoInFolder: async ({ videoId }) => {
    desktop.showInFolder(await library.fileOf(videoId));
  },
  dragVideo: async ({ videoId }) => {
    const file = await library.fileOf(videoId);
    desktop.startDrag(file, (await library.thumbnailOf(videoId)) ?? dragIcon);
  },
  openVideoFile: async (input) => {
    const file = input.path ?? (await desktop.chooseFile('video'));
    return file === null ? null : guests.open(file);
  },
  readVideoSettings: async (input) => {
    const file = input.path ?? (await desktop.chooseFile('video'));
    return file === null ? null : library.readMetadata(file);
  },
});
