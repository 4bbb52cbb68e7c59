import path from 'node:path';
import { EXPORT_EXTENSIONS } from '../../shared/export';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SettingsService } from '../settings/settings';
import type { Discards } from './discards';
import type { Exports } from './exports';
import type { FirstFrames } from './first-frames';
import type { Guests } from './guests';
import type { Library } from './library';
import type { Marks } from './marks';
import { stemOf } from './stem';

export interface LibraryCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder' | 'chooseSavePath' | 'showInFolder' | 'startDrag' | 'chooseFile'>;
  readonly files: Pick<Files, 'copy' | 'stat'>;
  readonly library: Library;
  readonly marks: Pick<Marks, 'change'>;
  readonly exports: Exports;
  readonly firstFrames: Pick<FirstFrames, 'save'>;
  readonly guests: Pick<Guests, 'open'>;
  readonly discards: Pick<Discards, 'discard' | 'restore'>;
  readonly settings: Pick<SettingsService, 'get' | 'setLastSaveFolder'>;
  /** The default folder of the first copy. */
  readonly home: string;
  /** Shown under the pointer if a video has no thumbnail. */
  readonly dragIcon: string;
}

type LibraryCall =
  | 'openVideoFile'
  | 'discardVideos'
  | 'restoreVideos'
  | 'markVideos'
  | 'saveVideoFrame'
  | 'exportVideo'
  | 'exportVideos'
  | 'cancelExport'
  | 'saveVideoAs'
  | 'showVideoInFolder'
  | 'dragVideos'
  | 'readVideoSettings';

export const libraryCalls = ({
  desktop,
  files,
  library,
  marks,
  exports,
  firstFrames,
  discards,
  guests,
  settings,
  home,
  dragIcon,
}: LibraryCallPorts): Calls<LibraryCall> => ({
  discardVideos: ({ videoIds }) => discards.discard(videoIds),
  restoreVideos: ({ videoIds }) => discards.restore(videoIds),
  markVideos: ({ videoIds, change }) => marks.change(videoIds, change),
  saveVideoFrame: async ({ videoId, frame }) => firstFrames.save(videoId, await library.fileOf(videoId), frame),
  exportVideo: async ({ videoId, request }) => {
    const file = await library.fileOf(videoId);
    const folder = settings.get().lastSaveFolder ?? home;
    const name = stemOf(file) + EXPORT_EXTENSIONS[request.format];
    const target = await desktop.chooseSavePath(request.format, path.join(folder, name));
    if (target === null) return null;
    await settings.setLastSaveFolder(path.dirname(target));
    const [copied = null] = await exports.run([{ videoId, file, target, mayReplace: true, request }]);
    return copied;
  },
  exportVideos: async ({ videoIds, request }) => {
    const sources = await Promise.all(
      videoIds.map(async (videoId) => ({ videoId, file: await library.fileOf(videoId) })),
    );
    const folder = await desktop.chooseFolder();
    if (folder === null) return null;
    await settings.setLastSaveFolder(folder);
    const targets = await freeNames(
      files,
      folder,
      sources.map(({ file }) => file),
      EXPORT_EXTENSIONS[request.format],
    );
    const copies = await exports.run(
      sources.map(({ videoId, file }, index) => ({
        videoId,
        file,
        target: targets[index] ?? file,
        mayReplace: false,
        request,
      })),
    );
    return { folder, count: copies.length };
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
  dragVideos: async ({ videoIds }) => {
    const dragged = await Promise.all(videoIds.map(library.fileOf));
    const [first = ''] = videoIds;
    desktop.startDrag(dragged, (await library.thumbnailOf(first)) ?? dragIcon);
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

/** A path in the folder for each file, with the copy's extension. No dialog asks whether a file may be replaced. */
async function freeNames(
  files: Pick<Files, 'stat'>,
  folder: string,
  sources: readonly string[],
  ending: string,
): Promise<readonly string[]> {
  const taken = new Set<string>();
  const isFree = async (target: string): Promise<boolean> => !taken.has(target) && (await files.stat(target)) === null;
  for (const source of sources) {
    const name = path.join(folder, stemOf(source));
    let target = name + ending;
    for (let number = 2; !(await isFree(target)); number += 1) target = `${name} (${String(number)})${ending}`;
    taken.add(target);
  }
  return [...taken];
}
