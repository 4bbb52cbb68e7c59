import { Cpu, RefreshCw } from 'lucide-react';
import { useEffect } from 'react';
import type { Gpu } from '../../../shared/machine';
import { formatBytes, formatList } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { ErrorNote } from '../../ui/ErrorNote';
import { Meter } from '../../ui/Meter';
import page from '../../ui/page.module.css';
import { gpuColor } from '../../ui/gpu-colors';
import { DoctorSection } from './DoctorSection';
import { EngineSection, EnvironmentSection } from './EnvironmentSection';
import { LogSection } from './LogSection';
import styles from './MachinePage.module.css';
import { StorageSection } from './StorageSection';

const strings = copy.machine;

export function MachinePage() {
  const machine = useSlice('machine');
  useEffect(() => {
    const watch = (): void => void window.splitreel.watchMachine({ visible: !document.hidden });
    watch();
    document.addEventListener('visibilitychange', watch);
    return () => {
      document.removeEventListener('visibilitychange', watch);
      void window.splitreel.watchMachine({ visible: false });
    };
  }, []);
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{strings.title}</h1>
        {machine.driverVersion !== null && (
          <span className={page.quiet}>{strings.driver({ version: machine.driverVersion })}</span>
        )}
        <span className={page.space} />
        <Button onClick={() => void send(window.splitreel.refreshMachine())}>
          <RefreshCw size={16} aria-hidden />
          {strings.refresh}
        </Button>
      </header>
      <section className={page.section} aria-label={strings.gpus}>
        {machine.problem !== null && (
          <ErrorNote error={machine.problem}>
            <Button size="small" onClick={() => void send(window.splitreel.openLink({ link: 'driver' }))}>
              {strings.driverPage}
            </Button>
          </ErrorNote>
        )}
        {machine.status === 'looking' && machine.gpus.length === 0 && <p>{strings.looking}</p>}
        {machine.status === 'ready' && machine.gpus.length === 0 && machine.problem === null && (
          <Empty icon={Cpu} title={strings.noGpuTitle} text={strings.noGpu} />
        )}
        {machine.gpus.length > 0 && (
          <ul className={styles.gpus}>
            {machine.gpus.map((gpu) => (
              <GpuCard key={gpu.uuid} gpu={gpu} />
            ))}
          </ul>
        )}
      </section>
      <section className={page.section}>
        <h2>{strings.cpu}</h2>
        <p className={page.quiet}>
          {formatList([
            machine.cpuName,
            strings.cores({ count: machine.cpuCores }),
            formatBytes(machine.memoryTotalBytes),
          ])}
        </p>
      </section>
      <EnvironmentSection />
      <EngineSection />
      <DoctorSection />
      <StorageSection />
      <LogSection />
    </main>
  );
}

function GpuCard({ gpu }: { readonly gpu: Gpu }) {
  const used = gpu.memoryUsedBytes;
  const facts = [
    ...(gpu.utilizationPercent === null ? [] : [strings.load({ percent: gpu.utilizationPercent })]),
    ...(gpu.temperatureCelsius === null ? [] : [`${String(gpu.temperatureCelsius)} °C`]),
    ...(gpu.powerWatts === null ? [] : [`${String(Math.round(gpu.powerWatts))} W`]),
  ];
  return (
    <li className={styles.gpu}>
      <div className={styles.gpuHead}>
        <span className={styles.swatch} style={{ background: gpuColor(gpu.index) }} />
        <strong>{copy.devices.name({ kind: 'cuda', index: gpu.index })}</strong>
        <span className={styles.name} title={`${gpu.name}, ${gpu.pciBusId}`}>
          {gpu.name}
        </span>
      </div>
      <Meter
        label={strings.memory}
        value={used === null ? 0 : used / gpu.memoryTotalBytes}
        color={gpuColor(gpu.index)}
      />
      <p className={page.quiet}>
        {used === null
          ? formatBytes(gpu.memoryTotalBytes)
          : strings.used({ used: formatBytes(used), total: formatBytes(gpu.memoryTotalBytes) })}
      </p>
      <p className={page.quiet}>{facts.join('  ·  ')}</p>
      <p className={page.quiet}>
        {gpu.nvlinkIsland === null ? strings.noNvlink : strings.nvlink({ number: gpu.nvlinkIsland + 1 })}
      </p>
    </li>
  );
}
