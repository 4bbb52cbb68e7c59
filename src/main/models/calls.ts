import { appError, SplitreelError } from '../../shared/errors';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { HubService } from './hub-service';

export interface ModelCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFile' | 'chooseFolder' | 'openModelPage' | 'showInFolder'>;
  readonly hub: HubService;
}

type ModelCall =
  | 'addModelFolder'
  | 'chooseLora'
  | 'forgetModel'
  | 'recheckModel'
  | 'verifyModel'
  | 'removeModel'
  | 'showModelInFolder'
  | 'openModelPage'
  | 'moveModelsFolder';
type DownloadCall = 'inspectDownload' | 'downloadModel' | 'pauseDownload' | 'discardDownload' | 'signIn' | 'signOut';

export const modelCalls = (ports: ModelCallPorts): Calls<ModelCall | DownloadCall> => ({
  ...folderCalls(ports),
  ...downloadCalls(ports.hub),
});

function folderCalls({ desktop, hub }: ModelCallPorts): Calls<ModelCall> {
  const { models } = hub;
  const modelOf = (modelId: string) => models.get().find(({ id }) => id === modelId);
  return {
    addModelFolder: async () => {
      const folder = await desktop.chooseFolder();
      return folder === null ? null : { modelId: await models.add(folder) };
    },
    chooseLora: async ({ modelId }) => {
      const file = await desktop.chooseFile('lora');
      const folder = modelOf(modelId)?.path ?? null;
      if (file === null || folder === null) return null;
      const found = await hub.inspectLora(file, folder);
      if (found === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
      if (found.status === 'broken') throw new SplitreelError(found.error);
      return { path: file, sha256: found.sha256, strength: 1 };
    },
    forgetModel: ({ modelId }) => models.forget(modelId),
    recheckModel: ({ modelId }) => models.recheck(modelId),
    verifyModel: ({ modelId }) => models.verify(modelId),
    removeModel: ({ modelId }) => hub.remove(modelId),
    showModelInFolder: ({ modelId }) => {
      const folder = modelOf(modelId)?.path;
      if (folder !== undefined && folder !== null) desktop.showInFolder(folder);
    },
    openModelPage: async ({ modelId }) => {
      const [repository] = modelOf(modelId)?.offer?.repositories ?? [];
      if (repository !== undefined) await desktop.openModelPage(repository);
    },
    moveModelsFolder: async () => {
      const folder = await desktop.chooseFolder();
      if (folder === null) return null;
      await hub.move(folder);
      return folder;
    },
  };
}

const downloadCalls = ({ downloads, signIn, signOut }: HubService): Calls<DownloadCall> => ({
  inspectDownload: ({ modelId }) => downloads.inspect(modelId),
  downloadModel: ({ modelId }) => downloads.start(modelId),
  pauseDownload: ({ modelId }) => downloads.pause(modelId),
  discardDownload: ({ modelId }) => downloads.discard(modelId),
  signIn: ({ token }) => signIn(token),
  signOut,
});
