import { createDoctor, type DoctorService } from '../diagnostics/doctor';
import { linkSwitches } from '../engine/worker-environment';
import type { EnvironmentService } from '../install/environment';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export function composeDoctor(
  { ports, options, folders, store }: Foundation,
  environment: EnvironmentService,
  settings: SettingsService,
): DoctorService {
  return createDoctor(ports.processes, environment, {
    dataRoot: folders.root,
    pythonFolder: options.pythonFolder,
    env: options.env,
    linkSwitches: () => linkSwitches(settings.get()),
    onChange: (value) => store.set('doctor', value),
  });
}
