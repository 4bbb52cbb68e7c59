import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { SliceStore } from '../state/slice-store';

export interface WindowCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFile' | 'copyText' | 'openLink'>;
  readonly store: SliceStore;
}

export const windowCalls = ({
  desktop,
  store,
}: WindowCallPorts): Calls<'getSnapshot' | 'chooseImage' | 'openLink' | 'copyText' | 'dismissNotice'> => ({
  getSnapshot: store.snapshot,
  chooseImage: () => desktop.chooseFile('image'),
  openLink: ({ link }) => desktop.openLink(link),
  copyText: ({ text }) => desktop.copyText(text),
  dismissNotice: ({ noticeId }) => {
    store.set(
      'notices',
      store.get('notices').filter(({ id }) => id !== noticeId),
    );
  },
});
