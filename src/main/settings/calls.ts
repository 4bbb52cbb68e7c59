import { appError, SplitreelError } from '../../shared/errors';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SettingsService } from './settings';

export interface SettingsCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder' | 'confirm'>;
  readonly files: Pick<Files, 'canWrite'>;
  readonly settings: Pick<SettingsService, 'get' | 'update' | 'updateGuarded'>;
}

type SettingsCall = 'updateSettings' | 'chooseVideosFolder' | 'setMirror' | 'setSendTokenToMirror' | 'setUpdateFeed';

export const settingsCalls = ({ desktop, files, settings }: SettingsCallPorts): Calls<SettingsCall> => ({
  updateSettings: settings.update,
  chooseVideosFolder: async () => {
    const folder = await desktop.chooseFolder();
    if (folder === null) return null;
    if (!(await files.canWrite(folder))) throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder }));
    await settings.updateGuarded({ videosFolder: folder });
    return folder;
  },
  setMirror: async ({ address }) => {
    const question = {
      message: `Download models from ${address ?? ''}?`,
      detail: 'The mirror sees which models you download. Only use one that you trust.',
      action: 'Use this mirror',
    };
    if (address !== null && !(await desktop.confirm(question))) return false;
    // Another mirror never inherits the token of the previous one.
    await settings.updateGuarded({ hubMirror: address, sendTokenToMirror: false });
    return true;
  },
  setUpdateFeed: async ({ address }) => {
    const question = {
      message: `Ask ${address ?? ''} for new versions?`,
      detail: 'Announcements from there still have to be signed with the key of this build.',
      action: 'Use this feed',
    };
    if (address !== null && !(await desktop.confirm(question))) return false;
    await settings.updateGuarded({ updateFeed: address });
    return true;
  },
  setSendTokenToMirror: async ({ isOn }) => {
    const question = {
      message: `Send your Hugging Face token to ${settings.get().hubMirror ?? ''}?`,
      detail: 'Whoever runs the mirror can then act with your account.',
      action: 'Send the token',
    };
    if (isOn && !(await desktop.confirm(question))) return false;
    await settings.updateGuarded({ sendTokenToMirror: isOn });
    return true;
  },
});
