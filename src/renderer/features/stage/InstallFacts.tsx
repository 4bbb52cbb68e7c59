import { Fragment, useEffect, useState } from 'react';
import type { InstallEstimate } from '../../../shared/environment';
import { formatBytes, formatDownloadTime } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import page from '../../ui/page.module.css';
import styles from './Stage.module.css';

const strings = copy.install;

/** Shows what an install would download and the disk space it needs, before it starts. */
export function InstallFacts() {
  const { environmentVariant } = useSlice('settings');
  const { status } = useSlice('environment');
  const [estimate, setEstimate] = useState<InstallEstimate | null>(null);
  const [moves, setMoves] = useState(0);
  useEffect(() => {
    let isShown = true;
    // Unknown facts aren't shown; an install that fails reports the same error.
    void window.splitreel.estimateInstall().then((answer) => {
      if (isShown) setEstimate(answer.ok ? answer.value : null);
    });
    return () => {
      isShown = false;
    };
  }, [environmentVariant, moves]);
  const choose = async (): Promise<void> => {
    if ((await send(window.splitreel.chooseInstallFolder())) === true) setMoves((count) => count + 1);
  };
  if (estimate === null) return null;
  const { variant, reason, driverProblem, downloadBytes, downloadCount, packageCount, needs } = estimate;
  return (
    <div className={styles.installFacts}>
      {driverProblem !== null && <ErrorNote error={driverProblem} />}
      <dl className={page.facts}>
        <dt>{strings.facts.packages}</dt>
        <dd>{strings.what({ variant, reason })}</dd>
        <dt>{strings.facts.download}</dt>
        <dd>{strings.toDownload({ size: formatBytes(downloadBytes), count: downloadCount, all: packageCount })}</dd>
        {downloadBytes > 0 && (
          <>
            <dt>{strings.facts.time}</dt>
            <dd>{copy.app.atSpeed({ time: formatDownloadTime(downloadBytes) })}</dd>
          </>
        )}
        {needs.map(({ folder, bytes, freeBytes }) => (
          <Fragment key={folder}>
            <dt>{strings.facts.space}</dt>
            <dd>
              {strings.disk({ needed: formatBytes(bytes), free: formatBytes(freeBytes) })}
              {bytes > freeBytes && <strong>{` ${strings.tooLittle}`}</strong>}
              <span className={styles.folder} title={folder}>
                {folder}
              </span>
            </dd>
          </Fragment>
        ))}
      </dl>
      {variant === 'cpu' && <p className={page.quiet}>{strings.whyCuda}</p>}
      {(status === 'missing' || status === 'failed') && (
        <Button size="small" onClick={() => void choose()}>
          {strings.elsewhere}
        </Button>
      )}
    </div>
  );
}
