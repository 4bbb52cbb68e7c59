import { createDoctor, type DoctorService } from '../diagnostics/doctor';
import { linkSwitches } from '../engine/worker-environment';
import type { EnvironmentService } from '../install/environment';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export function composeDoctor(
  { ports, options, folders, log, store }: Foundation,
  environment: EnvironmentService,
  settings: SettingsService,
): DoctorService {
  const { processes, clock } = ports;
  return createDoctor(
    { processes, clock, log, environment },
    {
      dataRoot: folders.root,
      pythonFolder: options.pythonFolder,
      env: options.env,
      linkSwitches: () => linkSwitches(settings.get()),
      onChange: (value) => store.set('doctor', value),
    },
  );
}
