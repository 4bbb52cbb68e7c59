import { formatList } from '../../../shared/format';
import type { Job, JobProgress } from '../../../shared/job';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { isMotionReduced } from '../../ui/motion';
import { Video } from '../../ui/Video';
import { gridColumns } from './grid';
import styles from './Stage.module.css';

type VideoProgress = JobProgress['videos'][number];

/** The unfinished videos of a job. Until the first preview, a sentence says when it appears. */
export function Previews({ job }: { readonly job: Job }) {
  const progress = useSlice('progress');
  const videos = progress?.jobId === job.id ? progress.videos : [];
  const isBlank = videos.every(({ previewUrl, videoId }) => previewUrl === null && videoId === null);
  if (isBlank)
    return (
      <div className={styles.wait}>
        <span className={styles.pulse} aria-hidden />
        <p>{copy.stage.waitingPreview}</p>
      </div>
    );
  const { width, height, seed, videoCount } = job.request;
  return (
    <div
      className={styles.grid}
      style={{ '--columns': String(gridColumns(videos.length)), '--ratio': String(width / height) }}
    >
      {videos.map((video, index) => (
        <figure key={index} className={styles.cell}>
          <div className={styles.cellFrame}>
            <UnfinishedVideo video={video} />
          </div>
          <figcaption>{captionOf(video, videoCount > 1 ? copy.library.seed({ seed: seed + index }) : null)}</figcaption>
        </figure>
      ))}
    </div>
  );
}

/** First empty, then its previews, then the finished video, even while others are unfinished. */
function UnfinishedVideo({ video }: { readonly video: VideoProgress }) {
  const library = useSlice('library');
  const finished = library.find(({ id }) => id === video.videoId);
  if (finished !== undefined) return <Video src={finished.videoUrl} loop autoPlay={!isMotionReduced()} />;
  return video.previewUrl === null ? null : <img src={video.previewUrl} alt={copy.stage.previewAlt} />;
}

function captionOf({ previewStep, videoId }: VideoProgress, seed: string | null): string {
  const state =
    videoId !== null
      ? []
      : [previewStep === null ? copy.stage.waitingVideo : copy.stage.preview({ step: previewStep })];
  return formatList([...(seed === null ? [] : [seed]), ...state]);
}
