/** The star, the rating and the tags of a video on its own page. */
import { Star, Tag } from 'lucide-react';
import type { LibraryVideo } from '../../../shared/library';
import { MAX_RATING } from '../../../shared/marks';
import { formatList } from '../../../shared/format';
import { markVideos, toggleFavorite } from '../../state/marks';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { classes } from '../../ui/classes';
import styles from './Video.module.css';

const strings = copy.videos;

export function VideoMarks({ video }: { readonly video: LibraryVideo }) {
  const { tags } = video.marks;
  return (
    <div className={styles.marks}>
      <FavoriteButton video={video} />
      <RatingField video={video} />
      <Button
        size="small"
        look="plain"
        className={styles.tagButton}
        aria-label={tags.length === 0 ? strings.editTags : strings.editTagsOf({ tags: formatList(tags) })}
        title={tags.length === 0 ? strings.editTags : formatList(tags)}
        onClick={() => openVideoDialog('tags', [video])}
      >
        <Tag size={14} aria-hidden />
        <span className={styles.tagText}>{tags.length === 0 ? strings.tags : formatList(tags)}</span>
      </Button>
    </div>
  );
}

export function FavoriteButton({
  video,
  className,
  tabIndex,
}: {
  readonly video: LibraryVideo;
  readonly className?: string | undefined;
  readonly tabIndex?: number;
}) {
  const { isFavorite } = video.marks;
  return (
    <IconButton
      size="small"
      className={classes(isFavorite && styles.starred, className)}
      tabIndex={tabIndex}
      label={isFavorite ? strings.removeFavorite : strings.addFavorite}
      onClick={() => toggleFavorite([video])}
    >
      <Star size={14} fill={isFavorite ? 'currentColor' : 'none'} aria-hidden />
    </IconButton>
  );
}

/** Radio buttons, so that the arrow keys choose; a second click clears the rating. */
function RatingField({ video }: { readonly video: LibraryVideo }) {
  const { rating } = video.marks;
  return (
    <fieldset className={styles.rating}>
      <legend className="visually-hidden">{strings.rating}</legend>
      {Array.from({ length: MAX_RATING }, (_, index) => index + 1).map((value) => (
        <label
          key={value}
          className={styles.pip}
          data-filled={value <= rating || undefined}
          title={strings.ratings({ rating: value })}
        >
          <input
            type="radio"
            className="visually-hidden"
            name={`rating-${video.id}`}
            aria-label={strings.ratings({ rating: value })}
            checked={value === rating}
            onChange={() => markVideos([video], { rating: value })}
            onClick={() => {
              if (value === rating) markVideos([video], { rating: 0 });
            }}
          />
        </label>
      ))}
    </fieldset>
  );
}

/** A read-only rating; empty without one. */
export function RatingPips({ rating }: { readonly rating: number }) {
  if (rating === 0) return null;
  return (
    <span className={styles.pips} role="img" aria-label={strings.rate({ rating })} title={strings.rate({ rating })}>
      {Array.from({ length: MAX_RATING }, (_, index) => (
        <span key={index} className={styles.dot} data-filled={index < rating || undefined} />
      ))}
    </span>
  );
}
