import { appError, SplitreelError } from '../../shared/errors';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SettingsService } from './settings';

export interface SettingsCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder'>;
  readonly files: Pick<Files, 'canWrite'>;
  readonly settings: Pick<SettingsService, 'update'>;
}

export const settingsCalls = ({
  desktop,
  files,
  settings,
}: SettingsCallPorts): Calls<'updateSettings' | 'chooseVideosFolder'> => ({
  updateSettings: settings.update,
  chooseVideosFolder: async () => {
    const folder = await desktop.chooseFolder();
    if (folder === null) return null;
    if (!(await files.canWrite(folder))) throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder }));
    await settings.update({ videosFolder: folder });
    return folder;
  },
});
