import { Film, FileInput, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { AXES } from '../../../shared/plan';
import { formatDate } from '../../../shared/format';
import { goTo, openVideo } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { adoptVideoFile, adoptVideo } from '../../state/draft';
import { send } from '../../state/send';
import { copy } from '../../copy/en';
import { Button, IconButton } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { Empty } from '../../ui/Empty';
import page from '../../ui/page.module.css';
import controls from '../../ui/controls.module.css';
import { dragVideoOut } from '../player';
import styles from './LibraryPage.module.css';

const words = copy.library;

export function LibraryPage() {
  const library = useSlice('library');
  const [search, setSearch] = useState('');
  const found = library.filter((video) =>
    video.metadata.request.prompt.toLowerCase().includes(search.trim().toLowerCase()),
  );
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{words.title}</h1>
        <span className={page.quiet}>{words.count(library.length)}</span>
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
        <ul className={styles.grid}>
          {found.map((video) => (
            <VideoCard key={video.id} video={video} />
          ))}
          {found.length === 0 && <li className={page.quiet}>{words.nothingFound}</li>}
        </ul>
      )}
    </main>
  );
}

function VideoCard({ video }: { readonly video: LibraryVideo }) {
  const [isAsking, setIsAsking] = useState(false);
  const { request, plan, approximate } = video.metadata;
  const facts = [
    copy.queue.setSummary(request.width, request.height, request.numFrames, request.numInferenceSteps),
    words.seed(request.seed),
    ...AXES.filter((axis) => plan[axis] > 1).map((axis) => copy.plan.option(copy.plan.axes[axis], plan[axis])),
    approximate ? words.approximate : null,
  ].filter((fact) => fact !== null);
  return (
    <li className={styles.card}>
      <button
        type="button"
        className={styles.open}
        draggable
        title={copy.player.dragHint}
        aria-label={words.open(request.prompt)}
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
      <p className={page.quiet}>{facts.join(', ')}</p>
      <div className={styles.row}>
        <span className={page.quiet}>{formatDate(video.createdAtMs)}</span>
        <span className={page.space} />
        <IconButton size="small" label={copy.player.reuse} onClick={() => adoptVideo(video.metadata)}>
          <RotateCcw size={14} aria-hidden />
        </IconButton>
        <IconButton size="small" label={words.delete} onClick={() => setIsAsking(true)}>
          <Trash2 size={14} aria-hidden />
        </IconButton>
      </div>
      {isAsking && (
        <Confirm
          title={words.deleteTitle}
          text={words.deleteText(video.fileName)}
          yes={words.deleteYes}
          onYes={() => void send(window.splitreel.deleteVideo({ videoId: video.id }))}
          onClose={() => setIsAsking(false)}
        />
      )}
    </li>
  );
}
