import path from 'node:path';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { Library } from './library';

export interface LibraryCallPorts {
  readonly desktop: Pick<Desktop, 'moveToBin' | 'chooseSavePath' | 'showInFolder' | 'startDrag' | 'chooseFile'>;
  readonly files: Pick<Files, 'copy'>;
  readonly library: Library;
  /** Shown under the pointer where a video has no thumbnail. */
  readonly dragIcon: string;
}

type LibraryCall = 'deleteVideo' | 'saveVideoAs' | 'showVideoInFolder' | 'dragVideo' | 'readVideoSettings';

export const libraryCalls = ({ desktop, files, library, dragIcon }: LibraryCallPorts): Calls<LibraryCall> => ({
  deleteVideo: async ({ videoId }) => {
    await desktop.moveToBin(await library.fileOf(videoId));
    await library.scan();
  },
  saveVideoAs: async ({ videoId }) => {
    const file = await library.fileOf(videoId);
    const target = await desktop.chooseSavePath(file);
    if (target === null || path.resolve(target) === file) return target;
    // The dialog has asked whether an existing file may be replaced.
    await files.copy(file, target);
    return target;
  },
  showVideoInFolder: async ({ videoId }) => {
    desktop.showInFolder(await library.fileOf(videoId));
  },
  dragVideo: async ({ videoId }) => {
    const file = await library.fileOf(videoId);
    desktop.startDrag(file, (await library.thumbnailOf(videoId)) ?? dragIcon);
  },
  readVideoSettings: async (input) => {
    const file = input.path ?? (await desktop.chooseFile('video'));
    return file === null ? null : library.readMetadata(file);
  },
});
