import { Check, Ellipsis, RotateCcw } from 'lucide-react';
import { useDeferredValue, type KeyboardEvent, type MouseEvent } from 'react';
import { formatDate, formatList } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import { AXES } from '../../../shared/plan';
import { adoptVideo } from '../../state/adopt';
import { openVideo } from '../../state/navigation';
import { copy } from '../../copy';
import { loraText } from '../../copy/facts';
import { IconButton } from '../../ui/Button';
import { ButtonMenu } from '../../ui/Menu';
import { rovingTab } from '../../ui/use-roving';
import type { GridCell } from '../../ui/VirtualGrid';
import { classes } from '../../ui/classes';
import page from '../../ui/page.module.css';
import { dragVideosOut } from '../player';
import { FavoriteButton, RatingPips, videoEntries, VideoMenu } from '../video';
import { HoverVideo } from './HoverVideo';
import { tagLine } from './library-index';
import styles from './LibraryPage.module.css';
import { extendSelection, toggleSelected, useSelection } from './selection';

interface VideoCardProps {
  readonly video: LibraryVideo;
  readonly cell: GridCell;
  /** The videos that an action on this card applies to: the selection if the card is in it, otherwise only the card. */
  readonly targets: () => readonly LibraryVideo[];
  /** Ids in page order, for a range. */
  readonly order: () => readonly string[];
}

function factsOf({ metadata: { request, plan, approximate } }: LibraryVideo): string {
  const { width, height, numFrames: frames, numInferenceSteps: steps } = request;
  return formatList([
    copy.queue.setSummary({ width, height, frames, steps }),
    copy.library.seed({ seed: request.seed }),
    ...AXES.filter((axis) => plan[axis] > 1).map((axis) =>
      copy.plan.option({ axis: copy.plan.axes[axis], value: plan[axis] }),
    ),
    ...request.loras.map(loraText),
    ...(approximate ? [copy.library.approximate] : []),
  ]);
}

export function VideoCard({ video, cell, targets, order }: VideoCardProps) {
  const isSelected = useSelection(({ ids }) => ids.has(video.id));
  const isSelecting = useSelection(({ ids }) => ids.size > 0);
  const { prompt } = video.metadata.request;
  const facts = factsOf(video);
  const tags = tagLine(video);
  const tabIndex = rovingTab(cell['data-current'] === true);
  // The buttons take longer than the rest, so they follow in a render of their own.
  const hasButtons = useDeferredValue(true, false);
  return (
    <VideoMenu place="library" videos={targets}>
      <li
        {...cell}
        className={styles.card}
        data-video-id={video.id}
        data-selected={isSelected || undefined}
        data-selecting={isSelecting || undefined}
      >
        <div className={styles.top}>
          <Opener video={video} tabIndex={tabIndex} targets={targets} order={order} />
          {hasButtons && <PictureButtons video={video} tabIndex={tabIndex} isSelected={isSelected} order={order} />}
          {(video.marks.rating > 0 || tags !== '') && (
            <div className={styles.marks}>
              <RatingPips rating={video.marks.rating} />
              <span className={styles.tags}>{tags}</span>
            </div>
          )}
        </div>
        <p className={styles.prompt} dir="auto" title={prompt}>
          {prompt}
        </p>
        <p className={classes(page.quiet, styles.facts)} title={facts}>
          {facts}
        </p>
        <div className={styles.row}>
          <span className={page.quiet}>{formatDate(video.createdAtMs)}</span>
          <span className={page.space} />
          {hasButtons && <LineButtons video={video} tabIndex={tabIndex} />}
        </div>
      </li>
    </VideoMenu>
  );
}

interface ButtonsProps extends Pick<VideoCardProps, 'video'> {
  readonly tabIndex: number;
}

interface PictureButtonsProps extends ButtonsProps, Pick<VideoCardProps, 'order'> {
  readonly isSelected: boolean;
}

const PictureButtons = ({ video, tabIndex, isSelected, order }: PictureButtonsProps) => (
  <>
    <button
      type="button"
      role="checkbox"
      className={styles.check}
      tabIndex={tabIndex}
      aria-checked={isSelected}
      aria-label={copy.selection.select({ prompt: video.metadata.request.prompt })}
      onClick={(event) => (event.shiftKey ? extendSelection(video.id, order()) : toggleSelected(video.id))}
    >
      {isSelected && <Check size={14} strokeWidth={3} aria-hidden />}
    </button>
    <FavoriteButton
      video={video}
      tabIndex={tabIndex}
      className={classes(styles.star, video.marks.isFavorite && styles.isFavorite)}
    />
  </>
);

const LineButtons = ({ video, tabIndex }: ButtonsProps) => (
  <>
    <IconButton
      size="small"
      label={copy.videos.useSettings}
      tabIndex={tabIndex}
      onClick={() => adoptVideo(video.metadata)}
    >
      <RotateCcw size={14} aria-hidden />
    </IconButton>
    <ButtonMenu label={copy.videos.menu} entries={() => videoEntries([video], 'library')}>
      <IconButton size="small" label={copy.videos.more} tabIndex={tabIndex}>
        <Ellipsis size={14} aria-hidden />
      </IconButton>
    </ButtonMenu>
  </>
);

interface OpenerProps extends Omit<VideoCardProps, 'cell'> {
  readonly tabIndex: number;
}

/** The picture: opens the video, selects it, and can be dragged out. */
function Opener({ video, tabIndex, targets, order }: OpenerProps) {
  const { prompt } = video.metadata.request;
  const onClick = (event: MouseEvent): void => {
    if (event.shiftKey) extendSelection(video.id, order());
    else if (event.ctrlKey || event.metaKey) toggleSelected(video.id);
    else openVideo(video.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter opens the video, as a click does.
    if (event.key !== ' ' || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!event.repeat) toggleSelected(video.id);
  };
  return (
    <button
      type="button"
      className={styles.open}
      tabIndex={tabIndex}
      draggable
      title={copy.player.dragHint}
      aria-label={copy.library.open({ prompt })}
      onDragStart={(event) =>
        dragVideosOut(
          event,
          targets().map(({ id }) => id),
        )
      }
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      <HoverVideo video={video} />
    </button>
  );
}
