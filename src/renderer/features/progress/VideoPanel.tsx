import { Columns2, Download, FolderOpen, GripVertical, RotateCcw, Scale, Sparkles, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { formatList, formatPair } from '../../../shared/format';
import type { Job } from '../../../shared/job';
import type { LibraryVideo } from '../../../shared/library';
import { adoptVideo } from '../../state/adopt';
import { compare } from '../../state/compare';
import { discardVideos } from '../../state/discard';
import { makeExact, useFinish } from '../../state/finish';
import { useSlice } from '../../state/projection';
import { send, showToast } from '../../state/send';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { ExportButton } from '../export';
import { dragVideoOut } from '../player';
import styles from './Progress.module.css';
import { reportDetails, reportFigures, reportOf, requestFacts, type KnownReport } from './report';

/** The video on the stage: what it is, how it was made, and what can be done with it. */
export function VideoPanel({ video }: { readonly video: LibraryVideo }) {
  const jobs = useSlice('jobs');
  const models = useSlice('models');
  const { request, plan, approximate } = video.metadata;
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} title={request.prompt}>
          {request.prompt}
        </p>
        <VideoActions video={video} />
      </div>
      <Facts report={reportOf(video, jobs)} facts={requestFacts(request, plan, models, approximate)} />
    </section>
  );
}

/** A job whose videos are all on the stage. */
export function ResultsPanel({ job }: { readonly job: Job }) {
  const models = useSlice('models');
  if (job.state.status !== 'finished') return null;
  return (
    <section className={styles.panel} aria-label={copy.player.about}>
      <div className={styles.head}>
        <p className={styles.prompt} title={job.request.prompt}>
          {job.request.prompt}
        </p>
        <span className={styles.figures}>{copy.library.count({ count: job.state.videoIds.length })}</span>
      </div>
      <Facts report={job.state.report} facts={requestFacts(job.request, job.plan, models, false)} />
    </section>
  );
}

function Facts({ report, facts }: { readonly report: KnownReport | null; readonly facts: readonly string[] }) {
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
        {report !== null && (
          <Button size="small" look="plain" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {copy.app.details}
          </Button>
        )}
      </div>
      {isOpen && report !== null && (
        <ul className={styles.report}>
          {reportDetails(report).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function VideoActions({ video }: { readonly video: LibraryVideo }) {
  const words = copy.player;
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
        aria-label={words.drag}
        title={formatPair(words.dragHint, video.fileName)}
        onDragStart={(event) => dragVideoOut(event, video.id)}
        onClick={() => void save()}
      >
        <GripVertical size={14} aria-hidden />
        <span className={styles.actionText}>{words.drag}</span>
      </Button>
      <Button size="small" aria-label={words.saveAs} title={words.saveAs} onClick={() => void save()}>
        <Download size={14} aria-hidden />
        <span className={styles.actionText}>{words.saveAs}</span>
      </Button>
      <ExportButton video={video}>
        <span className={styles.actionText}>{copy.export.open}</span>
      </ExportButton>
      <Button
        size="small"
        aria-label={words.showInFolder}
        title={words.showInFolder}
        onClick={() => void send(window.splitreel.showVideoInFolder({ videoId: video.id }))}
      >
        <FolderOpen size={14} aria-hidden />
        <span className={styles.actionText}>{words.showInFolder}</span>
      </Button>
      <Button size="small" aria-label={words.reuse} title={words.reuse} onClick={() => adoptVideo(video.metadata)}>
        <RotateCcw size={14} aria-hidden />
        <span className={styles.actionText}>{words.reuse}</span>
      </Button>
      {video.metadata.request.quality !== 'exact' && (
        <Button
          size="small"
          aria-label={words.makeExact}
          title={words.makeExact}
          onClick={() => makeExact(video.metadata)}
        >
          <Scale size={14} aria-hidden />
          <span className={styles.actionText}>{words.makeExact}</span>
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
