import { INSTALL_STEPS, type InstallProgress as Progress } from '../../../shared/environment';
import { formatBytes, formatDuration, formatList } from '../../../shared/format';
import { copy } from '../../copy';
import { Meter } from '../../ui/Meter';
import styles from './Stage.module.css';

/** The steps of an install, with the real progress of the current one. */
export function InstallProgress({ progress }: { readonly progress: Progress }) {
  const { step, completed, total, current, check } = progress;
  const at = INSTALL_STEPS.indexOf(step);
  const counts = [
    ...(completed !== null && total !== null ? [copy.install.count({ completed, total })] : []),
    ...describeDownload(progress),
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
      <Meter label={copy.install.steps[step]} value={fractionOf(progress)} />
      <p className={styles.installNow}>
        <span className={styles.ellipsis}>{check === null ? (current ?? '\u00a0') : copy.install.checks[check]}</span>
        <span>{formatList(counts)}</span>
      </p>
    </div>
  );
}

/** In bytes while packages are downloaded, in packages while they are installed. */
function fractionOf({ completed, total, downloadedBytes, totalBytes }: Progress): number {
  const isDownloading = downloadedBytes !== null && totalBytes !== null && downloadedBytes < totalBytes;
  if (isDownloading) return downloadedBytes / totalBytes;
  return completed !== null && total !== null && total > 0 ? completed / total : 0;
}

function describeDownload({ downloadedBytes, totalBytes, bytesPerSecond }: Progress): readonly string[] {
  if (downloadedBytes === null || totalBytes === null) return [];
  const size = copy.install.downloaded({ size: formatBytes(downloadedBytes), all: formatBytes(totalBytes) });
  if (bytesPerSecond === null || downloadedBytes >= totalBytes) return [size];
  const speed = copy.install.speed({ size: formatBytes(bytesPerSecond) });
  if (bytesPerSecond === 0) return [size, speed];
  const leftMs = ((totalBytes - downloadedBytes) / bytesPerSecond) * 1_000;
  return [size, speed, copy.install.left({ time: formatDuration(leftMs) })];
}
