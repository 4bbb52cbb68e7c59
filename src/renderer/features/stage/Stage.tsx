import { AlertTriangle, Ban, Boxes, Clapperboard, CloudOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Job } from '../../../shared/job';
import { saveDiagnostics } from '../../state/diagnostics';
import { followRunningJob, goTo, showJob } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { ErrorNote } from '../../ui/ErrorNote';
import { Player } from '../player';
import { VideoMenu } from '../video';
import { EnvironmentState } from './EnvironmentState';
import { ModelOffer } from './ModelOffer';
import { Previews } from './Previews';
import { Results } from './Results';
import styles from './Stage.module.css';
import type { StageView } from './stage-view';

interface StageProps {
  readonly view: StageView;
  readonly isJobRunning: boolean;
  /** Width by height of the form's video. */
  readonly ratio: number;
  readonly examples: readonly string[];
  /** Generates it. */
  readonly onExample: (prompt: string) => void;
}

const sizeRatio = (size: { readonly width: number; readonly height: number }): number => size.width / size.height;

function ratioOf(view: StageView, formRatio: number): number {
  switch (view.kind) {
    case 'video':
      return sizeRatio(view.video.metadata.request);
    case 'results':
    case 'running':
    case 'failed':
    case 'canceled':
    case 'interrupted':
      return sizeRatio(view.job.request);
    case 'environment':
    case 'noModel':
    case 'hint':
      return formRatio;
  }
}

export function Stage({ view, isJobRunning, ratio, examples, onExample }: StageProps) {
  const otherResults = view.kind === 'video' ? view.jobId : null;
  const isHeld = isJobRunning && view.kind !== 'running';
  return (
    <section className={styles.stage} aria-label={copy.stage.label}>
      {(isHeld || otherResults !== null) && (
        <div className={styles.back}>
          {otherResults !== null && (
            <Button size="small" onClick={() => showJob(otherResults)}>
              {copy.stage.allResults}
            </Button>
          )}
          {isHeld && (
            <Button size="small" onClick={followRunningJob}>
              {copy.stage.backToJob}
            </Button>
          )}
        </div>
      )}
      {view.kind === 'video' ? (
        <VideoMenu place="stage" videos={() => [view.video]}>
          <div className={styles.player}>
            <Player key={view.video.id} video={view.video} isPausedAtStart={view.isPaused} />
          </div>
        </VideoMenu>
      ) : (
        <>
          <div className={styles.area}>
            <div className={styles.frame} style={{ '--ratio': String(ratioOf(view, ratio)) }} data-kind={view.kind}>
              <StageContent view={view} examples={examples} onExample={onExample} />
            </div>
          </div>
          <div className={styles.barSpace} />
        </>
      )}
    </section>
  );
}

interface ContentProps extends Pick<StageProps, 'examples' | 'onExample'> {
  readonly view: Exclude<StageView, { kind: 'video' }>;
}

function StageContent({ view, examples, onExample }: ContentProps) {
  switch (view.kind) {
    case 'results':
      return <Results videos={view.videos} />;
    case 'running':
      return <Previews job={view.job} />;
    case 'failed':
      return <Failed job={view.job} />;
    case 'canceled':
      return <Canceled job={view.job} />;
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
            <Button look="primary" onClick={() => onExample(examples[0] ?? '')}>
              {copy.create.tryExample({ example: examples[0] })}
            </Button>
          )}
          <ModelOffer />
        </Empty>
      );
  }
}

/** Videos that were finished before the cancel stay. */
function Canceled({ job }: { readonly job: Job }) {
  const progress = useSlice('progress');
  const videos = progress?.jobId === job.id ? progress.videos : [];
  const count = videos.filter(({ videoId }) => videoId !== null).length;
  const text = count === 0 ? copy.stage.canceled : copy.stage.canceledLate({ count });
  return <Empty icon={Ban} title={copy.queue.canceled} text={text} />;
}

const RetryButton = ({ job }: { readonly job: Job }): ReactNode => (
  <Button size="small" onClick={() => void send(window.splitreel.retryJob({ jobId: job.id }))}>
    {copy.errors.retry}
  </Button>
);

/** Failures of the engine rather than of one request, which the system check can explain. */
const SUGGEST_DOCTOR: readonly string[] = [
  'RANK_DIED',
  'RANK_HUNG',
  'WORKER_DIED',
  'WORKER_HUNG',
  'WORKER_START_FAILED',
];

function checkComputer(): void {
  goTo('machine');
  void send(window.splitreel.runDoctor());
}

function Failed({ job }: { readonly job: Job }) {
  if (job.state.status !== 'failed') return null;
  const { error } = job.state;
  return (
    <div className={styles.failed}>
      <AlertTriangle size={28} strokeWidth={1.5} aria-hidden />
      <h2>{copy.stage.failedTitle}</h2>
      <ErrorNote error={error} onSaveDiagnostics={saveDiagnostics}>
        <RetryButton job={job} />
        {SUGGEST_DOCTOR.includes(error.code) && (
          <Button size="small" onClick={checkComputer}>
            {copy.machine.doctor.run}
          </Button>
        )}
      </ErrorNote>
    </div>
  );
}
