import type { ModelEntry } from '../../shared/models';
import type { Calls } from '../ipc/calls';
import type { Engine } from './engine';

export interface EngineCallPorts {
  readonly engine: Pick<Engine, 'countTokens' | 'unload'>;
  readonly models: () => readonly ModelEntry[];
}

export const engineCalls = ({ engine, models }: EngineCallPorts): Calls<'countTokens' | 'unloadEngine'> => ({
  countTokens: ({ modelId, text }) => {
    const model = models().find(({ id }) => id === modelId);
    if (model?.state.status !== 'ready' || model.path === null) return null;
    return engine.countTokens(model.path, text);
  },
  unloadEngine: engine.unload,
});
