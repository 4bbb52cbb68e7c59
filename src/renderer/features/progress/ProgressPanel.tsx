import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Job, JobProgress } from '../../../shared/job';
import { formatBytes, formatDuration, formatList, formatPair } from '../../../shared/format';
import { measuredMsPerStep } from '../../state/draft';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { computedText } from '../../copy/facts';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { Meter } from '../../ui/Meter';
import { gpuColor } from '../../ui/gpu-colors';
import { useShortcut } from '../../ui/use-shortcut';
import styles from './Progress.module.css';
import { currentVideo, elapsedMs, segmentsOf } from './timeline';

const strings = copy.progress;

/** The progress of the running job; null while nothing runs. */
export function ProgressPanel() {
  const jobs = useSlice('jobs');
  const progress = useSlice('progress');
  const running = jobs.find((job) => job.state.status === 'running' || job.state.status === 'canceling');
  if (running === undefined) return null;
  return <Running key={running.id} job={running} progress={progress?.jobId === running.id ? progress : null} />;
}

function Running({ job, progress }: { readonly job: Job; readonly progress: JobProgress | null }) {
  const [isAsking, setIsAsking] = useState(false);
  const isCanceling = job.state.status === 'canceling';
  const elapsed = useElapsed(progress);

  useShortcut({
    inControls: true,
    match: ({ key }) => {
      // In full screen, Esc leaves full screen.
      const isFree = document.fullscreenElement === null && !isCanceling;
      return key === 'Escape' && isFree ? () => setIsAsking(true) : null;
    },
  });

  // Read the GPUs only while they are visible.
  useEffect(() => {
    void window.splitreel.watchMachine({ visible: true });
    return () => void window.splitreel.watchMachine({ visible: false });
  }, []);

  return (
    <section className={styles.panel} aria-label={strings.title}>
      <div className={styles.head}>
        <p className={styles.prompt} dir="auto">
          {job.request.prompt}
        </p>
        <span className={styles.figures}>{isCanceling ? strings.canceling : figures(job, progress, elapsed)}</span>
        <Button size="small" disabled={isCanceling} onClick={() => setIsAsking(true)}>
          <X size={14} aria-hidden />
          {strings.cancel}
        </Button>
      </div>
      {progress !== null && <Timeline job={job} progress={progress} />}
      {progress !== null && <Lanes progress={progress} />}
      {isAsking && (
        <Confirm
          title={strings.cancelTitle}
          text={strings.cancelText}
          yes={strings.cancelYes}
          no={strings.cancelNo}
          onYes={() => void send(window.splitreel.cancelJob({ jobId: job.id }))}
          onClose={() => setIsAsking(false)}
        />
      )}
    </section>
  );
}

/** Keeps counting between messages from the worker, so that a long step doesn't look like a stall. */
function useElapsed(progress: JobProgress | null): number {
  const [start] = useState(() => performance.now() - (progress === null ? 0 : elapsedMs(progress)));
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return now - start;
}

function figures(job: Job, progress: JobProgress | null, elapsed: number): string {
  const { msPerStep = null, msLeft = null, videos = [] } = progress ?? {};
  const isOptimizing = videos[0]?.stages.some(({ stage, status }) => stage === 'optimizing' && status === 'running');
  return formatList([
    ...(isOptimizing === true ? [strings.optimizing] : []),
    strings.elapsed({ time: formatDuration(Math.floor(elapsed / 1000) * 1000) }),
    ...(progress === null || job.request.quality !== 'fast' ? [] : fastSteps(progress)),
    ...(msPerStep === null ? [] : [strings.perStep({ time: formatDuration(msPerStep) })]),
    ...(msLeft === null ? [] : [strings.left({ time: formatDuration(msLeft) })]),
  ]);
}

/** How many of the current video's steps so far the fast quality computed. */
function fastSteps(progress: JobProgress): string[] {
  const steps = progress.videos[currentVideo(progress)]?.stages.find(({ stage }) => stage === 'denoising');
  if (steps === undefined || steps.completed === 0) return [];
  return [computedText(steps.total, steps.completed)];
}

function Timeline({ job, progress }: { readonly job: Job; readonly progress: JobProgress }) {
  const measured = measuredMsPerStep(useSlice('measurements'), job);
  const at = currentVideo(progress);
  const video = progress.videos[at];
  if (video === undefined) return null;
  return (
    <div>
      {progress.videos.length > 1 && (
        <p className={styles.quiet}>{strings.video({ index: at + 1, count: progress.videos.length })}</p>
      )}
      <ol className={styles.timeline}>
        {segmentsOf(video.stages, progress.msPerStep, measured).map((segment) => (
          <li
            key={segment.stage}
            className={styles.segment}
            data-status={segment.status}
            style={{ flexGrow: segment.share * 100 }}
            aria-current={segment.status === 'running' ? 'step' : undefined}
          >
            <span className={styles.segmentBar}>
              <span className={styles.segmentFill} style={{ transform: `scaleX(${String(segment.done)})` }} />
            </span>
            <span className={styles.segmentName}>
              {strings.stages[segment.stage]} <span className={styles.count}>{segment.count}</span>
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** One lane per rank, in the color of its GPU, so that a straggler stands out. */
function Lanes({ progress }: { readonly progress: JobProgress }) {
  const { gpus } = useSlice('machine');
  return (
    <ul className={styles.lanes} aria-label={strings.workers}>
      {progress.ranks.map((rank) => {
        const gpu = gpus.find(({ uuid }) => uuid === rank.device.uuid);
        const name = copy.devices.name({ kind: rank.device.kind, index: rank.device.index });
        const color = gpuColor(rank.device.index);
        const stage = rank.stage === null ? strings.waiting : strings.stages[rank.stage];
        const stepText =
          rank.stage === 'loading' || rank.total === 0 ? stage : `${String(rank.completed)}/${String(rank.total)}`;
        const loads = [
          ...(typeof gpu?.memoryUsedBytes === 'number' ? [formatBytes(gpu.memoryUsedBytes)] : []),
          ...(typeof gpu?.utilizationPercent === 'number' ? [strings.load({ percent: gpu.utilizationPercent })] : []),
        ];
        return (
          <li key={rank.rank} className={styles.lane}>
            <span className={styles.dot} style={{ background: color }} />
            <span className={styles.laneName}>{name}</span>
            <Meter
              label={formatPair(name, stage)}
              value={rank.total === 0 ? 0 : rank.completed / rank.total}
              color={color}
            />
            <span className={styles.laneFigures}>{[stepText, ...loads].join('  ')}</span>
          </li>
        );
      })}
    </ul>
  );
}
