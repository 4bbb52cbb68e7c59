import {
  Columns2,
  Download,
  FolderOpen,
  GripVertical,
  Repeat2,
  RotateCcw,
  Scale,
  Sparkles,
  StepForward,
  Trash2,
} from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Job } from '../../../shared/job';
import { formatList, formatPair } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import { adoptVideo } from '../../state/adopt';
import { useCommands, type Command } from '../../state/commands';
import { compare } from '../../state/compare';
import { copyText } from '../../state/copy-text';
import { discardVideos } from '../../state/discard';
import { makeAgain, makeExact, useFinish } from '../../state/finish';
import { toggleFavorite } from '../../state/marks';
import { useSlice } from '../../state/projection';
import { send, showToast } from '../../state/send';
import { continueVideo } from '../../state/next-video';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { ExportButton } from '../export';
import { dragVideosOut } from '../player';
import {
  reportDetails,
  reportFigures,
  reportOf,
  requestFacts,
  VideoFacts,
  VideoMarks,
  type KnownReport,
} from '../video';
import styles from './Progress.module.css';

/** The video on the stage: its facts, its report, and its actions. */
export function VideoPanel({ video }: { readonly video: LibraryVideo }) {
  const jobs = useSlice('jobs');
  const models = useSlice('models');
  const { request, plan, approximate, parts = [] } = video.metadata;
  const report = reportOf(video, jobs);
  const joined = parts.length > 0 ? [copy.nextVideo.parts({ count: parts.length })] : [];
  useCommands('video', commandsOf(video));
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} dir="auto" title={request.prompt}>
          {request.prompt}
        </p>
        <VideoActions video={video} />
      </div>
      <Facts
        report={report}
        facts={[...joined, ...requestFacts(request, plan, models, approximate)]}
        details={<VideoFacts video={video} report={report} />}
      >
        <VideoMarks video={video} />
      </Facts>
    </section>
  );
}

const commandsOf = (video: LibraryVideo): readonly Command[] => [
  { id: 'videoAgain', label: copy.videos.makeAgain, run: () => makeAgain(video.metadata) },
  {
    id: 'videoFavorite',
    label: video.marks.isFavorite ? copy.videos.removeFavorite : copy.videos.addFavorite,
    run: () => toggleFavorite([video]),
  },
  { id: 'videoTags', label: copy.videos.editTags, run: () => openVideoDialog('tags', [video]) },
  { id: 'videoPrompt', label: copy.videos.copyPrompt, run: () => copyText(video.metadata.request.prompt) },
];

/** A job whose videos are all on the stage. */
export function ResultsPanel({ job }: { readonly job: Job }) {
  const models = useSlice('models');
  if (job.state.status !== 'finished') return null;
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} dir="auto" title={job.request.prompt}>
          {job.request.prompt}
        </p>
        <span className={styles.figures}>{copy.library.count({ count: job.state.videoIds.length })}</span>
      </div>
      <Facts
        report={job.state.report}
        facts={requestFacts(job.request, job.plan, models, false)}
        details={<ReportDetails report={job.state.report} />}
      />
    </section>
  );
}

interface FactsProps {
  readonly report: KnownReport | null;
  readonly facts: readonly string[];
  /** Shown on demand; null if there are no more details. */
  readonly details: ReactNode;
  readonly children?: ReactNode;
}

function Facts({ report, facts, details, children }: FactsProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <div className={styles.factRow}>
        <div className={styles.factText}>
          {report !== null && <p className={styles.quiet}>{reportFigures(report).join(' · ')}</p>}
          <p className={styles.quiet} title={formatList(facts)}>
            {formatList(facts)}
          </p>
        </div>
        {children}
        {details !== null && (
          <Button size="small" look="plain" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {copy.app.details}
          </Button>
        )}
      </div>
      {isOpen && details}
    </>
  );
}

const ReportDetails = ({ report }: { readonly report: KnownReport }) => (
  <ul className={styles.report}>
    {reportDetails(report).map((line) => (
      <li key={line}>{line}</li>
    ))}
  </ul>
);

function ContinueButton({ video }: { readonly video: LibraryVideo }) {
  return (
    <Button
      size="small"
      aria-label={copy.nextVideo.continueHint}
      title={copy.nextVideo.continueHint}
      onClick={() => void continueVideo(video)}
    >
      <StepForward size={14} aria-hidden />
      <span className={styles.actionText}>{copy.nextVideo.continue}</span>
    </Button>
  );
}

function VideoActions({ video }: { readonly video: LibraryVideo }) {
  const strings = copy.player;
  const finish = useFinish(video.metadata.request);
  const save = async (): Promise<void> => {
    const path = await send(window.splitreel.saveVideoAs({ videoId: video.id }));
    if (path !== null) showToast(copy.errors.saved({ path }));
  };
  return (
    <div className={styles.actions}>
      <Button
        size="small"
        draggable
        className={styles.handle}
        aria-label={strings.drag}
        title={formatPair(strings.dragHint, video.fileName)}
        onDragStart={(event) => dragVideosOut(event, [video.id])}
        onClick={() => void save()}
      >
        <GripVertical size={14} aria-hidden />
        <span className={styles.actionText}>{strings.drag}</span>
      </Button>
      <Button size="small" aria-label={strings.saveAs} title={strings.saveAs} onClick={() => void save()}>
        <Download size={14} aria-hidden />
        <span className={styles.actionText}>{strings.saveAs}</span>
      </Button>
      <ContinueButton video={video} />
      <ExportButton video={video}>
        <span className={styles.actionText}>{copy.export.open}</span>
      </ExportButton>
      <Button
        size="small"
        aria-label={strings.showInFolder}
        title={strings.showInFolder}
        onClick={() => void send(window.splitreel.showVideoInFolder({ videoId: video.id }))}
      >
        <FolderOpen size={14} aria-hidden />
        <span className={styles.actionText}>{strings.showInFolder}</span>
      </Button>
      <Button size="small" aria-label={strings.reuse} title={strings.reuse} onClick={() => adoptVideo(video.metadata)}>
        <RotateCcw size={14} aria-hidden />
        <span className={styles.actionText}>{strings.reuse}</span>
      </Button>
      <IconButton size="small" label={copy.videos.makeAgain} onClick={() => makeAgain(video.metadata)}>
        <Repeat2 size={14} aria-hidden />
      </IconButton>
      {video.metadata.request.quality !== 'exact' && (
        <Button
          size="small"
          aria-label={strings.makeExact}
          title={strings.makeExact}
          onClick={() => makeExact(video.metadata)}
        >
          <Scale size={14} aria-hidden />
          <span className={styles.actionText}>{strings.makeExact}</span>
        </Button>
      )}
      <IconButton size="small" label={copy.compare.start} onClick={() => compare([video.id])}>
        <Columns2 size={14} aria-hidden />
      </IconButton>
      {finish !== null && (
        <Button
          size="small"
          aria-label={copy.results.finish}
          title={copy.results.finishHint({ summary: finish.summary })}
          onClick={finish.run}
        >
          <Sparkles size={14} aria-hidden />
          <span className={styles.actionText}>{copy.results.finish}</span>
        </Button>
      )}
      <IconButton size="small" label={copy.results.discard} onClick={() => void discardVideos([video.id])}>
        <Trash2 size={14} aria-hidden />
      </IconButton>
    </div>
  );
}
