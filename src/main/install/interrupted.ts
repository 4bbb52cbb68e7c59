/** Ends programs that a killed install left running, and removes its files. */
import type { EnvironmentOptions } from './environment-options';
import { endOrphans, slotOfAnother } from './install-lock';
import type { InstallPorts } from './install-plan';
import { sweepLeftovers } from './leftovers';
import { openSlots } from './slots';

export async function sweepInterrupted(
  ports: InstallPorts,
  options: Pick<EnvironmentOptions, 'root' | 'pid' | 'downloadsFolder'>,
): Promise<void> {
  const root = options.root();
  await endOrphans(ports, root, options.pid);
  const slots = openSlots(ports, root);
  const pointer = await slots.readPointer();
  const another = await slotOfAnother(ports, root, options.pid);
  const kept = [pointer?.slot, pointer?.previous, another];
  await slots.removeOthers(kept.filter((name) => typeof name === 'string'));
  if (another === null) await sweepLeftovers(ports.files, root, options.downloadsFolder());
}
