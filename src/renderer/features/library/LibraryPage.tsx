import { FileInput, Film } from 'lucide-react';
import { useDeferredValue, useEffect, useState } from 'react';
import { goTo } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { adoptVideoFile } from '../../state/adopt';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import { VirtualGrid } from '../../ui/VirtualGrid';
import page from '../../ui/page.module.css';
import controls from '../../ui/controls.module.css';
import { FilterButton, FilterChips, SortField } from './Filters';
import { findVideos } from './library-index';
import styles from './LibraryPage.module.css';
import { clearSelection, moveSelection, useSelection } from './selection';
import { SelectionBar } from './SelectionBar';
import { useLibraryKeys } from './use-library-keys';
import { VideoCard } from './VideoCard';
import { clearFilters, setSearch, useLibraryState, useLibraryView } from './view';

const strings = copy.library;

const MIN_CARD_WIDTH = 230;
const CARD_GAP = 20;
const THUMBNAIL_RATIO = 3 / 2;
/** Below the thumbnail: two lines of prompt, one line of facts, the buttons, and the gaps between them. */
const CARD_TEXT_HEIGHT = 98;

export function LibraryPage() {
  const library = useSlice('library');
  const { search } = useLibraryState();
  const view = useLibraryView();
  const [openedAtMs] = useState(() => Date.now());
  const wanted = useDeferredValue(search);
  const found = findVideos(library, { ...view, search: wanted, nowMs: openedAtMs });
  const { ids } = useSelection();
  // Actions skip videos hidden by a filter, although they stay selected.
  const selected = ids.size === 0 ? [] : found.filter(({ id }) => ids.has(id));
  const order = (): readonly string[] => found.map(({ id }) => id);
  useLibraryKeys({ found, selected });
  useEffect(() => clearSelection, []);
  return (
    <main className={`${page.page ?? ''} ${page.wide ?? ''}`}>
      <header className={page.head}>
        <h1 className={page.title}>{strings.title}</h1>
        <span className={page.quiet}>{strings.count({ count: library.length })}</span>
        <span className={page.space} />
        {library.length > 0 && (
          <>
            <input
              className={`${controls.input ?? ''} ${styles.search ?? ''}`}
              type="search"
              aria-label={strings.search}
              placeholder={strings.search}
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
            <SortField />
            <FilterButton />
          </>
        )}
        <Button onClick={() => void adoptVideoFile(null)}>
          <FileInput size={16} aria-hidden />
          {strings.readSettings}
        </Button>
      </header>
      {library.length === 0 ? (
        <Empty icon={Film} title={strings.emptyTitle} text={strings.empty}>
          <Button look="primary" onClick={() => goTo('create')}>
            {strings.emptyAction}
          </Button>
        </Empty>
      ) : (
        <>
          <FilterChips found={found.length} count={library.length} />
          <VirtualGrid
            items={found}
            keyOf={(video) => video.id}
            label={strings.title}
            minColumnWidth={MIN_CARD_WIDTH}
            gap={CARD_GAP}
            itemHeight={(width) => width / THUMBNAIL_RATIO + CARD_TEXT_HEIGHT}
            hasPageKeys
            onMove={(from, to, { shiftKey }) => {
              if (shiftKey) moveSelection(order()[from] ?? '', order()[to] ?? '', order());
            }}
          >
            {(video, _index, cell) => (
              <VideoCard
                video={video}
                cell={cell}
                targets={() => (ids.has(video.id) ? selected : [video])}
                order={order}
              />
            )}
          </VirtualGrid>
          {found.length === 0 && <NothingFound />}
          {selected.length > 0 && <SelectionBar videos={selected} />}
        </>
      )}
    </main>
  );
}

const NothingFound = () => (
  <div className={styles.nothing}>
    <p className={page.quiet}>{copy.libraryView.nothingFound}</p>
    <Button size="small" onClick={clearFilters}>
      {copy.libraryView.clear}
    </Button>
  </div>
);
