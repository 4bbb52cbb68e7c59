import type { Calls } from '../ipc/calls';
import type { MachineWatch } from './machine-watch';

export const machineCalls = (machine: MachineWatch): Calls<'watchMachine' | 'refreshMachine'> => ({
  watchMachine: ({ visible }) => machine.setVisible(visible),
  refreshMachine: machine.refresh,
});
