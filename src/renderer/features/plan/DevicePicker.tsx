import type { Machine } from '../../../shared/machine';
import { MAX_CPU_RANKS } from '../../../shared/limits';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { NumberField } from '../../ui/fields';
import { Tooltip } from '../../ui/Tooltip';
import { formatBytes, formatList } from '../../../shared/format';
import type { ChosenDevices } from '../../state/devices';
import { gpuColor, gpuInk } from '../../ui/gpu-colors';
import styles from './PlanPanel.module.css';

interface DevicePickerProps {
  readonly machine: Machine;
  readonly devices: ChosenDevices;
}

export function DevicePicker({ machine, devices }: DevicePickerProps) {
  if (machine.gpus.length === 0 || machine.problem !== null) return <CpuWorkers devices={devices} />;
  const isCpu = devices.kind === 'cpu';
  const chosen = isCpu ? [] : devices.gpus.map((gpu) => gpu.uuid);
  const toggle = (uuid: string): void => {
    if (isCpu || !machine.multiGpu) {
      void send(window.splitreel.updateSettings({ isCpuChosen: false, chosenGpuUuids: [uuid] }));
      return;
    }
    const next = chosen.includes(uuid) ? chosen.filter((id) => id !== uuid) : [...chosen, uuid];
    // At least one must stay selected to run on.
    if (next.length === 0) return;
    const isAll = next.length === machine.gpus.length;
    void send(window.splitreel.updateSettings({ chosenGpuUuids: isAll ? null : next }));
  };
  return (
    <div className={styles.devices}>
      <div className={styles.gpuRow} role="group" aria-label={copy.plan.chooseGpus}>
        {machine.gpus.map((gpu) => {
          const isChosen = chosen.includes(gpu.uuid);
          const style = isChosen ? { background: gpuColor(gpu.index), color: gpuInk(gpu.index) } : {};
          return (
            <Tooltip key={gpu.uuid} text={formatList([gpu.name, formatBytes(gpu.memoryTotalBytes)])}>
              <button
                type="button"
                className={classes(styles.gpu, isChosen && styles.gpuChosen)}
                style={style}
                aria-pressed={isChosen}
                aria-label={copy.devices.name({ kind: 'cuda', index: gpu.index })}
                onClick={() => toggle(gpu.uuid)}
              >
                {gpu.index}
              </button>
            </Tooltip>
          );
        })}
        <button
          type="button"
          className={classes(styles.gpu, isCpu && styles.cpuChosen)}
          aria-pressed={isCpu}
          onClick={() => void send(window.splitreel.updateSettings({ isCpuChosen: !isCpu }))}
        >
          {copy.plan.cpu}
        </button>
      </div>
      {isCpu && <CpuWorkers devices={devices} />}
      {!machine.multiGpu && machine.gpus.length > 1 && (
        <p className={styles.quiet}>
          {copy.plan.oneGpuOnly}{' '}
          <Button size="small" look="plain" onClick={() => void send(window.splitreel.openLink({ link: 'wsl' }))}>
            {copy.plan.aboutWsl}
          </Button>
        </p>
      )}
    </div>
  );
}

function CpuWorkers({ devices }: Pick<DevicePickerProps, 'devices'>) {
  if (devices.kind !== 'cpu') return null;
  return (
    <NumberField
      label={copy.plan.cpuWorkers}
      hint={copy.plan.cpuNote}
      value={devices.ranks}
      min={1}
      max={MAX_CPU_RANKS}
      onChange={(ranks) => {
        if (Number.isInteger(ranks) && ranks >= 1 && ranks <= MAX_CPU_RANKS)
          void send(window.splitreel.updateSettings({ cpuRanks: ranks }));
      }}
    />
  );
}
