import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { UpdatesService } from './updates';

export interface UpdateCallPorts {
  readonly desktop: Pick<Desktop, 'openPage'>;
  readonly updates: UpdatesService;
}

export const updateCalls = ({ desktop, updates }: UpdateCallPorts): Calls<'checkForUpdates' | 'openUpdatePage'> => ({
  checkForUpdates: updates.check,
  openUpdatePage: async () => {
    const page = updates.page();
    if (page !== null) await desktop.openPage(page);
  },
});
