import { AlertTriangle, Ban, Boxes, Clapperboard, CloudOff, Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Job } from '../../../shared/job';
import type { LibraryVideo } from '../../../shared/library';
import { followJobs, goTo, useNavigation } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { saveDiagnostics } from '../../state/diagnostics';
import { copy } from '../../copy/en';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { ErrorNote } from '../../ui/ErrorNote';
import { Player } from '../player';
import { InstallFacts } from './InstallFacts';
import { InstallProgress } from './InstallProgress';
import styles from './Stage.module.css';
import { runningJob, stageView, type StageView } from './stage-view';

interface StageProps {
  /** Width by height of what the form asks for. */
  readonly ratio: number;
  readonly examples: readonly string[];
  readonly onExample: (prompt: string) => void;
}

const sizeRatio = (size: { readonly width: number; readonly height: number }): number => size.width / size.height;

function ratioOf(view: StageView, formRatio: number): number {
  switch (view.kind) {
    case 'video':
      return sizeRatio(view.video.metadata.request);
    case 'running':
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return sizeRatio(view.job.request);
    case 'environment':
    case 'noModel':
    case 'hint':
      return formRatio;
  }
}

/** The job that ran last in this window: what it ended with stays on the stage. */
function useLastJobId(jobs: readonly Job[]): string | null {
  const shownByMain = useSlice('progress')?.jobId ?? null;
  const [lastId, setLastId] = useState<string | null>(null);
  const running = runningJob(jobs)?.id ?? null;
  if (running !== null && running !== lastId) setLastId(running);
  return running ?? lastId ?? shownByMain;
}

export function Stage({ ratio, examples, onExample }: StageProps) {
  const jobs = useSlice('jobs');
  const library = useSlice('library');
  const environment = useSlice('environment');
  const models = useSlice('models');
  const openVideoId = useNavigation((state) => state.openVideoId);
  const lastJobId = useLastJobId(jobs);
  const view = stageView({ jobs, library, environment, models }, openVideoId, lastJobId);
  if (view.kind === 'video') return <VideoStage video={view.video} isJobRunning={view.isJobRunning} />;
  return (
    <section className={styles.stage} aria-label={copy.stage.label}>
      <div className={styles.area}>
        <div className={styles.frame} style={{ '--ratio': String(ratioOf(view, ratio)) }} data-kind={view.kind}>
          <StageContent view={view} examples={examples} onExample={onExample} />
        </div>
      </div>
      <div className={styles.barSpace} />
    </section>
  );
}

function VideoStage({ video, isJobRunning }: { readonly video: LibraryVideo; readonly isJobRunning: boolean }) {
  return (
    <section className={styles.stage} aria-label={copy.stage.label}>
      {isJobRunning && (
        <Button size="small" className={styles.back} onClick={followJobs}>
          {copy.stage.backToJob}
        </Button>
      )}
      <Player key={video.id} video={video} />
    </section>
  );
}

function StageContent({
  view,
  examples,
  onExample,
}: { view: Exclude<StageView, { kind: 'video' }> } & Omit<StageProps, 'ratio'>) {
  switch (view.kind) {
    case 'running':
      return <Forming job={view.job} />;
    case 'failed':
      return <Failed job={view.job} />;
    case 'cancelled':
      return <Empty icon={Ban} title={copy.queue.cancelled} text={copy.stage.cancelled} />;
    case 'interrupted':
      return (
        <Empty icon={CloudOff} title={copy.stage.failedTitle} text={copy.stage.interrupted}>
          <RetryButton job={view.job} />
        </Empty>
      );
    case 'environment':
      return <EnvironmentState />;
    case 'noModel':
      return (
        <Empty icon={Boxes} title={copy.stage.noModelTitle} text={copy.stage.noModel}>
          <Button onClick={() => goTo('models')}>{copy.stage.addModel}</Button>
        </Empty>
      );
    case 'hint':
      return (
        <Empty icon={Clapperboard} title={copy.stage.hintTitle} text={copy.stage.hint}>
          {examples[0] !== undefined && (
            <Button onClick={() => onExample(examples[0] ?? '')}>{copy.create.tryExample(examples[0])}</Button>
          )}
        </Empty>
      );
  }
}

const RetryButton = ({ job }: { readonly job: Job }): ReactNode => (
  <Button onClick={() => void send(window.splitreel.retryJob({ jobId: job.id }))}>{copy.errors.retry}</Button>
);

function Failed({ job }: { readonly job: Job }) {
  if (job.state.status !== 'failed') return null;
  return (
    <div className={styles.failed}>
      <AlertTriangle size={28} strokeWidth={1.5} aria-hidden />
      <h2>{copy.stage.failedTitle}</h2>
      <ErrorNote error={job.state.error} onSaveDiagnostics={saveDiagnostics}>
        <RetryButton job={job} />
      </ErrorNote>
    </div>
  );
}

/** The picture as it forms; until the first one there is a word about when it comes. */
function Forming({ job }: { readonly job: Job }) {
  const progress = useSlice('progress');
  const videos = progress?.jobId === job.id ? progress.videos : [];
  const shown = videos.filter((video) => video.previewUrl !== null);
  if (shown.length === 0) return <p className={styles.wait}>{copy.stage.waitingPreview}</p>;
  return (
    <div className={styles.previews} data-count={Math.min(shown.length, 4)}>
      {shown.slice(0, 4).map((video) => (
        <figure key={videos.indexOf(video)} className={styles.preview}>
          <img src={video.previewUrl ?? ''} alt={copy.stage.previewAlt} />
          {video.previewStep !== null && <figcaption>{copy.stage.preview(video.previewStep)}</figcaption>}
        </figure>
      ))}
    </div>
  );
}

function EnvironmentState() {
  const environment = useSlice('environment');
  const install = (): void => void send(window.splitreel.installEnvironment());
  switch (environment.status) {
    case 'installing':
      return (
        <div className={styles.setup}>
          <Empty icon={Download} title={copy.stage.installingTitle} text={copy.stage.installing} />
          <InstallProgress progress={environment.progress} />
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
