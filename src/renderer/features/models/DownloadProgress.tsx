import { useEffect, useRef, useState } from 'react';
import type { Download } from '../../../shared/download';
import { formatBytes, formatDuration, formatList } from '../../../shared/format';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/ErrorNote';
import { Meter } from '../../ui/Meter';
import { SignInDialog } from './SignInDialog';
import styles from './ModelsPage.module.css';

const strings = copy.models;
/** Errors that another token may fix. */
const ASKS_FOR_TOKEN: readonly string[] = ['MODEL_GATED', 'HUB_TOKEN_REFUSED', 'HUB_MODEL_NOT_FOUND'];

/** Only measured values: no speed and no time before the first bytes. */
export function figuresOf({ state, progress }: Download): string {
  const parts: string[] = [];
  if (state.status === 'running') parts.push(strings.stages[state.stage]);
  if (progress === null) return formatList(parts);
  parts.push(strings.of({ done: formatBytes(progress.doneBytes), total: formatBytes(progress.totalBytes) }));
  if (state.status !== 'running' || state.stage !== 'fetching') return formatList(parts);
  if (progress.bytesPerSecond > 0) parts.push(strings.speed({ size: formatBytes(progress.bytesPerSecond) }));
  if (progress.secondsLeft !== null)
    parts.push(strings.left({ time: formatDuration(Math.ceil(progress.secondsLeft) * 1_000) }));
  return formatList(parts);
}

export function DownloadProgress({ download }: { readonly download: Download }) {
  const [asking, setAsking] = useState<'discard' | 'signIn' | null>(null);
  const { modelId, state, progress } = download;
  const share = progress === null || progress.totalBytes === 0 ? 0 : progress.doneBytes / progress.totalBytes;
  const resume = (): void => void send(window.splitreel.downloadModel({ modelId }));
  const needsToken = state.status === 'failed' && ASKS_FOR_TOKEN.includes(state.error.code);
  const ref = useRef<HTMLDivElement>(null);
  // The card may just have moved up to the models on this computer.
  useEffect(() => ref.current?.scrollIntoView({ block: 'center' }), []);
  return (
    <div ref={ref} className={styles.progress}>
      <Meter label={strings.stages.fetching} value={share} />
      <p className={styles.figures}>{figuresOf(download)}</p>
      {state.status === 'failed' && <ErrorNote error={state.error} />}
      <div className={styles.progressActions}>
        {state.status === 'running' ? (
          <Button size="small" onClick={() => void send(window.splitreel.pauseDownload({ modelId }))}>
            {strings.pause}
          </Button>
        ) : (
          <Button size="small" onClick={resume}>
            {strings.resume}
          </Button>
        )}
        {needsToken && (
          <Button size="small" onClick={() => setAsking('signIn')}>
            {strings.signIn}
          </Button>
        )}
        <Button size="small" look="plain" onClick={() => setAsking('discard')}>
          {strings.discard}
        </Button>
      </div>
      {asking === 'discard' && (
        <Confirm
          title={strings.discardTitle}
          text={strings.discardText({ size: formatBytes(progress?.doneBytes ?? 0) })}
          yes={strings.discard}
          onYes={() => void send(window.splitreel.discardDownload({ modelId }))}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === 'signIn' && <SignInDialog onSignedIn={resume} onClose={() => setAsking(null)} />}
    </div>
  );
}
