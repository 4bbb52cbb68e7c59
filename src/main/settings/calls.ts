import { appError, SplitreelError } from '../../shared/errors';
import { mainCopy } from '../copy';
import type { Calls } from '../ipc/calls';
import type { Desktop, Question } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SettingsService } from './settings';

export interface SettingsCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder' | 'confirm'>;
  readonly files: Pick<Files, 'canWrite'>;
  readonly settings: Pick<SettingsService, 'get' | 'update' | 'updateGuarded'>;
}

type SettingsCall = 'updateSettings' | 'chooseVideosFolder' | 'setMirror' | 'setSendTokenToMirror' | 'setUpdateFeed';

type Copy = ReturnType<typeof mainCopy>['mirror' | 'feed' | 'token'];

const question = ({ message, detail, action }: Copy, address: string): Question => ({
  message: message({ address }),
  detail,
  action,
});

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
    if (address !== null && !(await desktop.confirm(question(mainCopy().mirror, address)))) return false;
    // Another mirror never inherits the token of the previous one.
    await settings.updateGuarded({ hubMirror: address, sendTokenToMirror: false });
    return true;
  },
  setUpdateFeed: async ({ address }) => {
    if (address !== null && !(await desktop.confirm(question(mainCopy().feed, address)))) return false;
    await settings.updateGuarded({ updateFeed: address });
    return true;
  },
  setSendTokenToMirror: async ({ isOn }) => {
    const mirror = settings.get().hubMirror ?? '';
    if (isOn && !(await desktop.confirm(question(mainCopy().token, mirror)))) return false;
    await settings.updateGuarded({ sendTokenToMirror: isOn });
    return true;
  },
});
