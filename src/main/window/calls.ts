import path from 'node:path';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SliceStore } from '../state/slice-store';

export interface WindowCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFile' | 'copyText' | 'openLink' | 'showInFolder'>;
  readonly files: Pick<Files, 'readText'>;
  readonly store: SliceStore;
  readonly noticesFolder: string | null;
}

type WindowCall =
  'getSnapshot' | 'chooseImage' | 'readNotices' | 'showBillOfMaterials' | 'openLink' | 'copyText' | 'dismissNotice';

/** As scripts/package/documents.ts names them. */
const NOTICES = 'THIRD-PARTY.txt';
const BILL_OF_MATERIALS = 'splitreel.cdx.json';

export const windowCalls = ({ desktop, files, store, noticesFolder }: WindowCallPorts): Calls<WindowCall> => ({
  getSnapshot: store.snapshot,
  chooseImage: () => desktop.chooseFile('image'),
  readNotices: async () => (noticesFolder === null ? null : files.readText(path.join(noticesFolder, NOTICES))),
  showBillOfMaterials: () => {
    if (noticesFolder !== null) desktop.showInFolder(path.join(noticesFolder, BILL_OF_MATERIALS));
  },
  openLink: ({ link }) => desktop.openLink(link),
  copyText: ({ text }) => desktop.copyText(text),
  dismissNotice: ({ noticeId }) => {
    store.set(
      'notices',
      store.get('notices').filter(({ id }) => id !== noticeId),
    );
  },
});
