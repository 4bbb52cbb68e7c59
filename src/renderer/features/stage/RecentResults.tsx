import { Film } from 'lucide-react';
import { useRef } from 'react';
import { toggleCompared } from '../../state/compare';
import { discardOnDelete } from '../../state/discard';
import { followRunningJob, openVideo, useNavigation } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { rovingItem, rovingTab, useRoving } from '../../ui/use-roving';
import { dragVideosOut } from '../player';
import { VideoMenu } from '../video';
import { runningJob, type StageView } from './stage-view';
import styles from './RecentResults.module.css';

const SHOWN = 24;

const isOnStage = (view: StageView, videoId: string): boolean =>
  view.kind === 'video'
    ? view.video.id === videoId
    : view.kind === 'results' && view.videos.some(({ id }) => id === videoId);

/** A column next to the stage with the running video and then the newest ones. */
export function RecentResults({ view }: { readonly view: StageView }) {
  const library = useSlice('library');
  const jobs = useSlice('jobs');
  const progress = useSlice('progress');
  const running = runningJob(jobs);
  const comparedIds = useNavigation((state) => state.comparedIds);
  const list = useRef<HTMLUListElement>(null);
  const shown = library.slice(0, SHOWN);
  const offset = running === undefined ? 0 : 1;
  const keys = [...(running === undefined ? [] : [running.id]), ...shown.map(({ id }) => id)];
  // The player keeps Left, Right, Home and End.
  const { current, listProps } = useRoving({ list, keys, columns: 1, pageRows: null });
  if (library.length === 0) return null;
  const preview = progress?.jobId === running?.id ? progress?.videos.at(-1)?.previewUrl : null;
  return (
    <ul {...listProps} ref={list} className={styles.strip} aria-label={copy.stage.recent}>
      {running !== undefined && (
        <li {...rovingItem(0, current)}>
          <button
            type="button"
            className={styles.tile}
            tabIndex={rovingTab(current === 0)}
            data-running
            aria-current={view.kind === 'running' || undefined}
            aria-label={copy.stage.backToJob}
            title={copy.stage.backToJob}
            onClick={followRunningJob}
          >
            {typeof preview === 'string' && <img src={preview} alt="" draggable={false} />}
          </button>
        </li>
      )}
      {shown.map((video, at) => {
        const index = at + offset;
        const { prompt, seed } = video.metadata.request;
        return (
          <VideoMenu key={video.id} place="results" videos={() => [video]}>
            <li {...rovingItem(index, current)}>
              <button
                type="button"
                className={styles.tile}
                tabIndex={rovingTab(index === current)}
                aria-current={(comparedIds === null && isOnStage(view, video.id)) || undefined}
                aria-pressed={comparedIds?.includes(video.id)}
                aria-label={comparedIds === null ? copy.library.open({ prompt }) : copy.stage.pickToCompare({ prompt })}
                title={`${prompt} (${copy.library.seed({ seed })})`}
                draggable
                onDragStart={(event) => dragVideosOut(event, [video.id])}
                onKeyDown={(event) => discardOnDelete(event, video.id)}
                onClick={() => (comparedIds === null ? openVideo(video.id) : toggleCompared(video.id))}
              >
                {video.thumbnailUrl === null ? (
                  <Film size={18} strokeWidth={1.5} aria-hidden />
                ) : (
                  <img src={video.thumbnailUrl} alt="" draggable={false} />
                )}
              </button>
            </li>
          </VideoMenu>
        );
      })}
    </ul>
  );
}
