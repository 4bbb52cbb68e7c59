import { INSTALL_STEPS, type InstallProgress as Progress } from '../../../shared/environment';
import { formatBytes } from '../../../shared/format';
import { copy } from '../../copy/en';
import { Meter } from '../../ui/Meter';
import styles from './Stage.module.css';

/** The steps of an install, the one that runs with its real count. */
export function InstallProgress({ progress }: { readonly progress: Progress }) {
  const { step, completed, total, downloadedBytes, current } = progress;
  const at = INSTALL_STEPS.indexOf(step);
  const counts = [
    ...(completed !== null && total !== null ? [copy.install.count(completed, total)] : []),
    ...(downloadedBytes !== null ? [copy.install.downloaded(formatBytes(downloadedBytes))] : []),
  ];
  return (
    <div className={styles.install}>
      <ol className={styles.installSteps}>
        {INSTALL_STEPS.map((name, index) => (
          <li
            key={name}
            data-state={index < at ? 'done' : index === at ? 'now' : 'later'}
            aria-current={index === at ? 'step' : undefined}
          >
            {copy.install.steps[name]}
          </li>
        ))}
      </ol>
      <Meter
        label={copy.install.steps[step]}
        value={completed !== null && total !== null && total > 0 ? completed / total : 0}
      />
      <p className={styles.installNow}>
        <span className={styles.ellipsis}>{current ?? '\u00a0'}</span>
        <span>{counts.join(', ')}</span>
      </p>
    </div>
  );
}
