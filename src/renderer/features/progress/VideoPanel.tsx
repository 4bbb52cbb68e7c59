import { Columns2, Ellipsis, FileOutput, GripVertical, Repeat2, Sparkles, StepForward } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Job } from '../../../shared/job';
import { formatList, formatPair } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import { useCommands, type Command } from '../../state/commands';
import { compare } from '../../state/compare';
import { discardVideos } from '../../state/discard';
import { useFinish, type Finish } from '../../state/finish';
import { toggleFavorite } from '../../state/marks';
import { useSlice } from '../../state/projection';
import { continueVideo } from '../../state/next-video';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { ButtonMenu } from '../../ui/Menu';
import { Tooltip } from '../../ui/Tooltip';
import { useShortcut } from '../../ui/use-shortcut';
import { dragVideosOut } from '../player';
import {
  againAction,
  fileActions,
  reportDetails,
  reportFigures,
  reportOf,
  requestFacts,
  saveAction,
  settingsActions,
  stageEntries,
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
  const finish = useFinish(request);
  useCommands('video', commandsOf(video, finish));
  useVideoKeys(video);
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} dir="auto" title={request.prompt}>
          {request.prompt}
        </p>
        <VideoActions video={video} finish={finish} />
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

const commandsOf = (video: LibraryVideo, finish: Finish | null): readonly Command[] => [
  ...(finish === null ? [] : [{ id: 'videoFinish', label: copy.results.finish, run: finish.run }]),
  againAction(video),
  ...settingsActions(video),
  { id: 'videoCompare', label: copy.videos.compareThis, keys: 'C', run: () => compare([video.id]) },
  {
    id: 'videoFavorite',
    label: video.marks.isFavorite ? copy.videos.removeFavorite : copy.videos.addFavorite,
    run: () => toggleFavorite([video]),
  },
  { id: 'videoTags', label: copy.videos.editTags, keys: 'T', run: () => openVideoDialog('tags', [video]) },
  { id: 'videoExport', label: copy.export.title, keys: 'E', run: () => openVideoDialog('export', [video]) },
  ...fileActions(video),
  { id: 'videoDelete', label: copy.videos.deleteThis, run: () => void discardVideos([video.id]) },
];

/** What the keys do without modifiers. */
const KEY_ACTIONS: Readonly<Record<string, (video: LibraryVideo) => void>> = {
  c: ({ id }) => compare([id]),
  e: (video) => openVideoDialog('export', [video]),
  t: (video) => openVideoDialog('tags', [video]),
};

function useVideoKeys(video: LibraryVideo): void {
  useShortcut({
    match: ({ key, ctrlKey, metaKey, altKey, shiftKey }) => {
      const action = ctrlKey || metaKey || altKey || shiftKey ? undefined : KEY_ACTIONS[key.toLowerCase()];
      return action === undefined ? null : () => action(video);
    },
  });
}

interface ResultsPanelProps {
  readonly job: Job;
  /** Those that are still in the library. */
  readonly videos: readonly LibraryVideo[];
}

/** A job whose videos are all on the stage. */
export function ResultsPanel({ job, videos }: ResultsPanelProps) {
  const models = useSlice('models');
  if (job.state.status !== 'finished') return null;
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} dir="auto" title={job.request.prompt}>
          {job.request.prompt}
        </p>
        <span className={styles.figures}>{copy.library.count({ count: videos.length })}</span>
        <Button size="small" onClick={() => compare(videos.map(({ id }) => id))}>
          <Columns2 size={14} aria-hidden />
          {copy.compare.start}
        </Button>
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

interface VideoActionsProps {
  readonly video: LibraryVideo;
  readonly finish: Finish | null;
}

/** The most common actions by name; everything else is in the menu. */
function VideoActions({ video, finish }: VideoActionsProps) {
  const again = againAction(video);
  return (
    <div className={styles.actions}>
      <Button
        size="small"
        draggable
        className={styles.handle}
        title={formatPair(copy.player.dragHint, video.fileName)}
        onDragStart={(event) => dragVideosOut(event, [video.id])}
        onClick={saveAction(video).run}
      >
        <GripVertical size={14} aria-hidden />
        {copy.player.drag}
      </Button>
      {finish === null ? (
        <Button size="small" onClick={again.run}>
          <Repeat2 size={14} aria-hidden />
          {again.label}
        </Button>
      ) : (
        <Tooltip text={copy.results.finishHint({ summary: finish.summary })}>
          <Button size="small" onClick={finish.run}>
            <Sparkles size={14} aria-hidden />
            {copy.results.finish}
          </Button>
        </Tooltip>
      )}
      <Tooltip text={copy.nextVideo.continueHint}>
        <Button size="small" onClick={() => void continueVideo(video)}>
          <StepForward size={14} aria-hidden />
          {copy.nextVideo.continue}
        </Button>
      </Tooltip>
      <Button size="small" onClick={() => compare([video.id])}>
        <Columns2 size={14} aria-hidden />
        {copy.compare.start}
      </Button>
      <Button size="small" onClick={() => openVideoDialog('export', [video])}>
        <FileOutput size={14} aria-hidden />
        {copy.export.open}
      </Button>
      <ButtonMenu label={copy.videos.menu} entries={() => stageEntries(video, finish === null)}>
        <Button size="small">
          <Ellipsis size={14} aria-hidden />
          {copy.videos.more}
        </Button>
      </ButtonMenu>
    </div>
  );
}
