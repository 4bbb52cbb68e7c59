import { Check, Sparkles, Trash2, type LucideIcon } from 'lucide-react';
import { useRef } from 'react';
import { formatAsSentences } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import { discardOnDelete, discardVideos } from '../../state/discard';
import { useFinish } from '../../state/finish';
import { openVideo } from '../../state/navigation';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { isMotionReduced } from '../../ui/motion';
import { Tooltip } from '../../ui/Tooltip';
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
          <VideoMenu key={video.id} place="results" videos={() => [video]}>
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
  const common = { seed, tabIndex };
  return (
    <div className={styles.choices}>
      {finish !== null && (
        <Choice
          {...common}
          name={strings.finish}
          hint={strings.finishHint({ summary: finish.summary })}
          icon={Sparkles}
          onClick={finish.run}
        />
      )}
      <Choice
        {...common}
        name={strings.keep}
        hint={strings.keepHint}
        icon={Check}
        onClick={() => void discardVideos(others.map(({ id }) => id))}
      />
      <Choice {...common} name={strings.discard} icon={Trash2} onClick={() => void discardVideos([video.id])} />
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  /** The result that the choice is about. */
  readonly seed: string;
  readonly hint?: string;
  readonly icon: LucideIcon;
  readonly tabIndex: number;
  readonly onClick: () => void;
}

/** By name, or by its icon alone where the grid leaves a result little room. */
function Choice({ name, seed, hint, icon: Icon, tabIndex, onClick }: ChoiceProps) {
  return (
    <Tooltip text={hint === undefined ? name : formatAsSentences([name, hint])}>
      <Button
        size="small"
        look="plain"
        aria-label={copy.results.of({ action: name, seed })}
        tabIndex={tabIndex}
        onClick={onClick}
      >
        <Icon size={14} aria-hidden />
        <span className={styles.choiceName}>{name}</span>
      </Button>
    </Tooltip>
  );
}
