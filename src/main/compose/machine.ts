import type { EnvironmentService } from '../install/environment';
import { createMachineWatch, type MachineWatch } from '../gpus/machine-watch';
import { createNvidiaSmi } from '../gpus/nvidia-smi';
import type { Foundation } from './foundation';

/** Every driver satisfies it: without the install settings the driver version isn't checked. */
const ANY_DRIVER = '0';

export async function composeMachine(
  { ports, options, store }: Foundation,
  environment: EnvironmentService,
): Promise<MachineWatch> {
  const minimumDriver = await environment.installSettings().then(
    (found) => found.minimumDriver,
    () => ANY_DRIVER,
  );
  return createMachineWatch(
    {
      ...ports,
      nvidiaSmi: createNvidiaSmi(ports.processes, { PATH: options.env['PATH'] ?? '', LC_ALL: 'C' }),
      minimumDriver,
    },
    (value) => store.set('machine', value),
  );
}
