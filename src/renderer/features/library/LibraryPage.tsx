import { Columns2, Film, FileInput, RotateCcw, Trash2 } from 'lucide-react';
import { useDeferredValue, useState, type CSSProperties } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { AXES } from '../../../shared/plan';
import { formatDate, formatList } from '../../../shared/format';
import { pickToCompare } from '../../state/compare';
import { goTo, openVideo } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { adoptVideoFile, adoptVideo } from '../../state/adopt';
import { discardVideos } from '../../state/discard';
import { copy } from '../../copy';
import { loraText } from '../../copy/facts';
import { Button, IconButton } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { Empty } from '../../ui/Empty';
import { VirtualGrid } from '../../ui/VirtualGrid';
import page from '../../ui/page.module.css';
import controls from '../../ui/controls.module.css';
import { ExportButton } from '../export';
import { dragVideoOut } from '../player';
import styles from './LibraryPage.module.css';

const words = copy.library;

const MIN_CARD_WIDTH = 230;
const CARD_GAP = 20;
const THUMBNAIL_RATIO = 3 / 2;
/** Below the thumbnail: two lines of prompt, one of facts, the row of buttons, and what is between them. */
const CARD_TEXT_HEIGHT = 98;

export function LibraryPage() {
  const library = useSlice('library');
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = library.filter((video) => video.metadata.request.prompt.toLowerCase().includes(wanted));
  return (
    <main className={`${page.page ?? ''} ${page.wide ?? ''}`}>
      <header className={page.head}>
        <h1 className={page.title}>{words.title}</h1>
        <span className={page.quiet}>{words.count({ count: library.length })}</span>
        <span className={page.space} />
        {library.length > 0 && (
          <input
            className={`${controls.input ?? ''} ${styles.search ?? ''}`}
            type="search"
            aria-label={words.search}
            placeholder={words.search}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        )}
        <Button onClick={() => void adoptVideoFile(null)}>
          <FileInput size={16} aria-hidden />
          {words.readSettings}
        </Button>
      </header>
      {library.length === 0 ? (
        <Empty icon={Film} title={words.emptyTitle} text={words.empty}>
          <Button look="primary" onClick={() => goTo('create')}>
            {words.emptyAction}
          </Button>
        </Empty>
      ) : (
        <>
          <VirtualGrid
            items={found}
            keyOf={(video) => video.id}
            label={words.title}
            minColumnWidth={MIN_CARD_WIDTH}
            gap={CARD_GAP}
            itemHeight={(width) => width / THUMBNAIL_RATIO + CARD_TEXT_HEIGHT}
          >
            {(video, _index, place) => <VideoCard video={video} place={place} />}
          </VirtualGrid>
          {found.length === 0 && <p className={page.quiet}>{words.nothingFound}</p>}
        </>
      )}
    </main>
  );
}

interface VideoCardProps {
  readonly video: LibraryVideo;
  readonly place: CSSProperties;
}

function VideoCard({ video, place }: VideoCardProps) {
  const { request, plan, approximate } = video.metadata;
  const facts = [
    copy.queue.setSummary({
      width: request.width,
      height: request.height,
      frames: request.numFrames,
      steps: request.numInferenceSteps,
    }),
    words.seed({ seed: request.seed }),
    ...AXES.filter((axis) => plan[axis] > 1).map((axis) =>
      copy.plan.option({ axis: copy.plan.axes[axis], value: plan[axis] }),
    ),
    ...request.loras.map(loraText),
    approximate ? words.approximate : null,
  ].filter((fact) => fact !== null);
  return (
    <li className={styles.card} style={place}>
      <button
        type="button"
        className={styles.open}
        draggable
        title={copy.player.dragHint}
        aria-label={words.open({ prompt: request.prompt })}
        onDragStart={(event) => dragVideoOut(event, video.id)}
        onClick={() => openVideo(video.id)}
      >
        {video.thumbnailUrl === null ? (
          <Film size={28} strokeWidth={1.5} aria-hidden />
        ) : (
          <img className={styles.thumbnail} src={video.thumbnailUrl} alt="" loading="lazy" draggable={false} />
        )}
      </button>
      <p className={styles.prompt} title={request.prompt}>
        {request.prompt}
      </p>
      <p className={classes(page.quiet, styles.facts)} title={formatList(facts)}>
        {formatList(facts)}
      </p>
      <div className={styles.row}>
        <span className={page.quiet}>{formatDate(video.createdAtMs)}</span>
        <span className={page.space} />
        <IconButton size="small" label={copy.player.reuse} onClick={() => adoptVideo(video.metadata)}>
          <RotateCcw size={14} aria-hidden />
        </IconButton>
        <ExportButton video={video} />
        <IconButton size="small" label={copy.compare.start} onClick={() => pickToCompare(video.id)}>
          <Columns2 size={14} aria-hidden />
        </IconButton>
        <IconButton size="small" label={words.delete} onClick={() => void discardVideos([video.id])}>
          <Trash2 size={14} aria-hidden />
        </IconButton>
      </div>
    </li>
  );
}
