import { formatList } from '../../shared/format';
import { copy } from '../copy';
import { classes } from '../ui/classes';
import styles from './App.module.css';
import { chosenDevices, type ChosenDevices } from '../state/devices';
import { goTo, PAGES, useNavigation } from '../state/navigation';
import { useSlice } from '../state/projection';

export function Header() {
  const page = useNavigation((state) => state.page);
  return (
    <header className={styles.header}>
      <span className={styles.name}>{copy.app.name}</span>
      <nav className={styles.nav} aria-label={copy.app.navigation}>
        {PAGES.map((name) => (
          <button
            key={name}
            type="button"
            className={classes(styles.tab, name === page && styles.here)}
            aria-current={name === page ? 'page' : undefined}
            onClick={() => goTo(name)}
          >
            {copy.app.pages[name]}
          </button>
        ))}
      </nav>
      <State />
    </header>
  );
}

/** `4x H200, idle`: the devices in use and the state of the engine. */
function State() {
  const devices = chosenDevices(useSlice('machine'), useSlice('settings'));
  const engine = useSlice('engine');
  const { isPaused } = useSlice('queue');
  const waiting = useSlice('jobs').filter((job) => job.state.status === 'queued').length;
  const parts = [deviceText(devices), copy.engine.state({ status: engine.status })];
  if (waiting > 0) parts.push(copy.engine.waiting({ count: waiting }));
  if (isPaused) parts.push(copy.engine.paused);
  return (
    <span className={styles.state} role="status">
      <span className={styles.statusDot} data-status={engine.status} />
      {formatList(parts)}
    </span>
  );
}

function deviceText(devices: ChosenDevices): string {
  if (devices.kind === 'cpu') return copy.devices.cpu({ workers: devices.ranks });
  const names = new Set(devices.gpus.map((gpu) => gpu.name.replace(/^NVIDIA (GeForce )?/, '')));
  const [name] = names;
  return names.size === 1 && name !== undefined
    ? copy.devices.gpus({ count: devices.gpus.length, name })
    : copy.devices.mixed({ count: devices.gpus.length });
}
