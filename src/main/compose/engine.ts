import { createEngine } from '../engine/engine';
import { restartForLinkSwitches } from '../engine/link-switches';
import { replaceable, type ReplaceableEngine } from '../engine/replace';
import { linkSwitches } from '../engine/worker-environment';
import type { CurrentPython, EnvironmentService } from '../install/environment';
import type { WorkerProcess } from '../ports/processes';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';
import { DATA_FOLDER } from '../../shared/variables';

export function composeEngine(
  { ports, folders, log, store, signals }: Foundation,
  environment: EnvironmentService,
  settings: SettingsService,
): ReplaceableEngine {
  const startSupervisor = (current: CurrentPython): WorkerProcess =>
    ports.processes.startWorker(current.python, {
      args: [...current.entry, 'serve'],
      env: { ...current.env, ...linkSwitches(settings.get()), [DATA_FOLDER]: folders.root },
      cwd: folders.root,
    });
  const single = createEngine(
    {
      ...ports,
      log,
      startProcess: async () => {
        const current = await environment.current();
        return current === null ? null : startSupervisor(current);
      },
    },
    {
      pidFile: folders.workerPidFile,
      onState: (value) => store.set('engine', value),
      onEvent: signals.engineEvent.emit,
      onLost: signals.engineLost.emit,
    },
  );
  const engine = replaceable(single);
  signals.engineEvent.subscribe(engine.handleEvent);
  signals.engineLost.subscribe(engine.handleLost);
  signals.environmentReady.subscribe(() => void engine.start());
  signals.settingsChanged.subscribe(restartForLinkSwitches(engine, settings.get(), signals.isBusy));
  return engine;
}
