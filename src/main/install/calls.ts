import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { EnvironmentService } from './environment';
import type { EnvironmentLifecycle } from './lifecycle';

export interface InstallCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder' | 'chooseFile'>;
  readonly environment: EnvironmentService;
  readonly lifecycle: EnvironmentLifecycle;
}

type InstallCall =
  | 'installEnvironment'
  | 'estimateInstall'
  | 'installFromFolder'
  | 'installFromArchive'
  | 'chooseInstallFolder'
  | 'cancelInstall'
  | 'rollBackEnvironment'
  | 'removeEnvironment';

export const installCalls = ({ desktop, environment, lifecycle }: InstallCallPorts): Calls<InstallCall> => ({
  installEnvironment: async () => {
    await lifecycle.install({});
  },
  estimateInstall: () => environment.estimate(),
  installFromFolder: async () => {
    const bundle = await desktop.chooseFolder();
    return bundle === null ? false : lifecycle.install({ bundle });
  },
  installFromArchive: async () => {
    const bundle = await desktop.chooseFile('archive');
    return bundle === null ? false : lifecycle.install({ bundle });
  },
  chooseInstallFolder: async () => {
    const chosen = await desktop.chooseFolder();
    if (chosen === null) return false;
    await lifecycle.moveAll(chosen);
    return true;
  },
  cancelInstall: environment.cancel,
  rollBackEnvironment: lifecycle.rollBack,
  removeEnvironment: lifecycle.remove,
});
