/** Tags of one or several videos: typed, or chosen from those in use. Changes apply immediately. */
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { MAX_TAG_CHARACTERS, MAX_TAGS, normalTag, tagKey } from '../../../shared/marks';
import { allTags, markVideos } from '../../state/marks';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/fields';
import styles from './Video.module.css';

const strings = copy.tagEditor;
const MAX_SUGGESTIONS = 12;

interface TagsDialogProps {
  readonly videos: readonly LibraryVideo[];
  readonly onClose: () => void;
}

export function TagsDialog({ videos, onClose }: TagsDialogProps) {
  const library = useSlice('library');
  const [text, setText] = useState('');
  const listId = useId();
  const used = allTags(videos);
  const usedKeys = new Set(used.map(tagKey));
  const isFull = videos.some(({ marks }) => marks.tags.length >= MAX_TAGS);
  const wanted = tagKey(normalTag(text));
  const suggestions = allTags(library)
    .filter((tag) => !usedKeys.has(tagKey(tag)) && tagKey(tag).includes(wanted))
    .slice(0, MAX_SUGGESTIONS);
  const add = (tags: readonly string[]): void => {
    const normal = tags.map(normalTag).filter((tag) => tag !== '');
    // A tag in use keeps its spelling.
    const known = new Map(allTags(library).map((tag) => [tagKey(tag), tag]));
    const addTags = normal.map((tag) => known.get(tagKey(tag)) ?? tag).slice(0, MAX_TAGS);
    if (addTags.length > 0) markVideos(videos, { addTags });
    setText('');
  };
  return (
    <Dialog
      title={strings.title({ count: videos.length })}
      onClose={onClose}
      actions={
        <Button
          look="primary"
          onClick={() => {
            add(text.split(/[,，、]/));
            onClose();
          }}
        >
          {strings.done}
        </Button>
      }
    >
      <form
        className={styles.tagForm}
        onSubmit={(event) => {
          event.preventDefault();
          add(text.split(/[,，、]/));
        }}
      >
        <TextField
          label={strings.add}
          value={text}
          maxLength={MAX_TAG_CHARACTERS * 4}
          hint={isFull ? strings.full({ max: MAX_TAGS }) : strings.hint}
          onChange={setText}
        />
      </form>
      {used.length > 0 && (
        <ul className={styles.tagList} aria-label={copy.videos.tags}>
          {used.map((tag) => (
            <li key={tag}>
              <TagChip tag={tag} videos={videos} />
            </li>
          ))}
        </ul>
      )}
      {suggestions.length > 0 && (
        <>
          <h3 id={listId} className={styles.groupTitle}>
            {strings.suggestions}
          </h3>
          <ul className={styles.tagList} aria-labelledby={listId}>
            {suggestions.map((tag) => (
              <li key={tag}>
                <Button size="small" onClick={() => add([tag])}>
                  {tag}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

function TagChip({ tag, videos }: { readonly tag: string; readonly videos: readonly LibraryVideo[] }) {
  const count = videos.filter(({ marks }) => marks.tags.some((other) => tagKey(other) === tagKey(tag))).length;
  return (
    <Button
      size="small"
      className={styles.chip}
      aria-label={strings.remove({ tag })}
      title={strings.remove({ tag })}
      onClick={() => markVideos(videos, { removeTags: [tag] })}
    >
      {count === videos.length ? tag : strings.onSome({ tag, count, total: videos.length })}
      <X size={12} aria-hidden />
    </Button>
  );
}
