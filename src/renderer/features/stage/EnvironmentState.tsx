import { AlertTriangle, Download } from 'lucide-react';
import { saveDiagnostics } from '../../state/diagnostics';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { ErrorNote } from '../../ui/ErrorNote';
import { InstallFacts } from './InstallFacts';
import { InstallProgress } from './InstallProgress';
import styles from './Stage.module.css';

/** The stage without a working Python environment. */
export function EnvironmentState() {
  const environment = useSlice('environment');
  const install = (): void => void send(window.splitreel.installEnvironment());
  switch (environment.status) {
    case 'installing':
      return (
        <div className={styles.setup}>
          <Empty icon={Download} title={copy.stage.installingTitle} text={copy.stage.installing} />
          <InstallProgress progress={environment.progress} />
          <div className={styles.setupActions}>
            <Button size="small" onClick={() => void send(window.splitreel.cancelInstall())}>
              {copy.install.cancel}
            </Button>
          </div>
        </div>
      );
    case 'failed':
      return (
        <div className={styles.failed}>
          <AlertTriangle size={28} strokeWidth={1.5} aria-hidden />
          <h2>{copy.stage.environmentFailedTitle}</h2>
          <ErrorNote error={environment.error} onSaveDiagnostics={saveDiagnostics}>
            <Button look="primary" size="small" onClick={install}>
              {copy.errors.retry}
            </Button>
          </ErrorNote>
        </div>
      );
    case 'missing':
      return (
        <Empty icon={Download} title={copy.stage.environmentMissingTitle} text={copy.stage.environmentMissing}>
          <InstallFacts />
          <Button look="primary" onClick={install}>
            {copy.stage.install}
          </Button>
        </Empty>
      );
    case 'unknown':
    case 'ready':
      return null;
  }
}
