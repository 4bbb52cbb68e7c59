import { Check, Sparkles, Trash2 } from 'lucide-react';
import { useRef } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { discardOnDelete, discardVideos } from '../../state/discard';
import { useFinish } from '../../state/finish';
import { openVideo } from '../../state/navigation';
import { copy } from '../../copy';
import { IconButton } from '../../ui/Button';
import { isMotionReduced } from '../../ui/motion';
import { rovingItem, rovingTab, useRoving } from '../../ui/use-roving';
import { Video } from '../../ui/Video';
import { dragVideosOut } from '../player';
import { VideoMenu } from '../video';
import { gridColumns } from './grid';
import styles from './Stage.module.css';

/** All videos of one job, playing side by side; each can be opened, kept, discarded or finished. */
export function Results({ videos }: { readonly videos: readonly LibraryVideo[] }) {
  const [first] = videos;
  const list = useRef<HTMLUListElement>(null);
  const columns = gridColumns(videos.length);
  const { current, listProps } = useRoving({ list, keys: videos.map(({ id }) => id), columns, pageRows: null });
  if (first === undefined) return null;
  const { width, height } = first.metadata.request;
  return (
    <ul
      {...listProps}
      ref={list}
      className={styles.grid}
      aria-label={copy.stage.results}
      style={{ '--columns': String(columns), '--ratio': String(width / height) }}
    >
      {videos.map((video, index) => {
        const tabIndex = rovingTab(index === current);
        const seed = copy.library.seed({ seed: video.metadata.request.seed });
        return (
          <VideoMenu key={video.id} videos={() => [video]}>
            <li {...rovingItem(index, current)} className={styles.cell}>
              <button
                type="button"
                className={styles.cellFrame}
                tabIndex={tabIndex}
                aria-label={copy.stage.openResult({ seed })}
                title={copy.player.dragHint}
                draggable
                onDragStart={(event) => dragVideosOut(event, [video.id])}
                onKeyDown={(event) => discardOnDelete(event, video.id)}
                onClick={() => openVideo(video.id)}
              >
                <Video src={video.videoUrl} loop autoPlay={!isMotionReduced()} />
              </button>
              <span className={styles.caption}>{seed}</span>
              <Choices
                video={video}
                others={videos.filter((other) => other !== video)}
                seed={seed}
                tabIndex={tabIndex}
              />
            </li>
          </VideoMenu>
        );
      })}
    </ul>
  );
}

interface ChoicesProps {
  readonly video: LibraryVideo;
  readonly others: readonly LibraryVideo[];
  readonly seed: string;
  readonly tabIndex: number;
}

function Choices({ video, others, seed, tabIndex }: ChoicesProps) {
  const strings = copy.results;
  const finish = useFinish(video.metadata.request);
  return (
    <div className={styles.choices}>
      {finish !== null && (
        <IconButton
          size="small"
          label={strings.of({ action: strings.finish, seed })}
          hint={strings.finishHint({ summary: finish.summary })}
          tabIndex={tabIndex}
          onClick={finish.run}
        >
          <Sparkles size={14} aria-hidden />
        </IconButton>
      )}
      <IconButton
        size="small"
        label={strings.of({ action: strings.keep, seed })}
        hint={strings.keepHint}
        tabIndex={tabIndex}
        onClick={() => void discardVideos(others.map(({ id }) => id))}
      >
        <Check size={14} aria-hidden />
      </IconButton>
      <IconButton
        size="small"
        label={strings.of({ action: strings.discard, seed })}
        tabIndex={tabIndex}
        onClick={() => void discardVideos([video.id])}
      >
        <Trash2 size={14} aria-hidden />
      </IconButton>
    </div>
  );
}
