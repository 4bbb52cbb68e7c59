/** Actions for the selected videos. Floats over the end of the page, so that nothing moves. */
import { Award, Columns2, FileOutput, Star, Tag, Trash2, X } from 'lucide-react';
import { useEffect } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { canCompare, compareOrPick } from '../../state/compare';
import { discardVideos } from '../../state/discard';
import { areFavorites, toggleFavorite } from '../../state/marks';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { ButtonMenu } from '../../ui/Menu';
import { focusCurrentItem } from '../../ui/use-roving';
import { ratingEntries } from '../video';
import styles from './LibraryPage.module.css';
import { clearSelection } from './selection';

const strings = copy.selection;

export function SelectionBar({ videos }: { readonly videos: readonly LibraryVideo[] }) {
  const ids = videos.map(({ id }) => id);
  // Its buttons go with it, and one of them may have the focus.
  useEffect(() => () => focusCurrentItem(document.querySelector('main')), []);
  return (
    <section className={styles.selection} aria-label={strings.title}>
      <span className={styles.selectionCount} role="status">
        {strings.count({ count: videos.length })}
      </span>
      <Button size="small" look="plain" aria-pressed={areFavorites(videos)} onClick={() => toggleFavorite(videos)}>
        <Star size={14} fill={areFavorites(videos) ? 'currentColor' : 'none'} aria-hidden />
        {copy.videos.favorite}
      </Button>
      <ButtonMenu label={copy.videos.rating} entries={() => ratingEntries(videos, true)}>
        <Button size="small" look="plain">
          <Award size={14} aria-hidden />
          {copy.videos.rating}
        </Button>
      </ButtonMenu>
      <Button size="small" look="plain" onClick={() => openVideoDialog('tags', videos)}>
        <Tag size={14} aria-hidden />
        {copy.videos.tags}
      </Button>
      <Button
        size="small"
        look="plain"
        disabled={!canCompare(videos.length)}
        title={canCompare(videos.length) ? undefined : strings.tooMany}
        onClick={() => compareOrPick(ids)}
      >
        <Columns2 size={14} aria-hidden />
        {copy.videos.compare}
      </Button>
      <Button size="small" look="plain" onClick={() => openVideoDialog('export', videos)}>
        <FileOutput size={14} aria-hidden />
        {copy.export.open}
      </Button>
      <Button size="small" look="plain" onClick={() => void discardVideos(ids)}>
        <Trash2 size={14} aria-hidden />
        {copy.videos.delete}
      </Button>
      <IconButton size="small" label={strings.clear} onClick={clearSelection}>
        <X size={14} aria-hidden />
      </IconButton>
    </section>
  );
}
