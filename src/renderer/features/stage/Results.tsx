import type { LibraryVideo } from '../../../shared/library';
import { openVideo } from '../../state/navigation';
import { copy } from '../../copy/en';
import { dragVideoOut } from '../player';
import { gridColumns } from './grid';
import styles from './Stage.module.css';

/** All videos of one job, playing beside each other. */
export function Results({ videos }: { readonly videos: readonly LibraryVideo[] }) {
  const [first] = videos;
  if (first === undefined) return null;
  const { width, height } = first.metadata.request;
  return (
    <ul
      className={styles.grid}
      aria-label={copy.stage.results}
      style={{ '--columns': String(gridColumns(videos.length)), '--ratio': String(width / height) }}
    >
      {videos.map((video) => {
        const seed = copy.library.seed(video.metadata.request.seed);
        return (
          <li key={video.id} className={styles.cell}>
            <button
              type="button"
              className={styles.cellFrame}
              aria-label={copy.stage.openResult(seed)}
              title={copy.player.dragHint}
              draggable
              onDragStart={(event) => dragVideoOut(event, video.id)}
              onClick={() => openVideo(video.id)}
            >
              <video src={video.videoUrl} muted loop autoPlay playsInline />
            </button>
            <span className={styles.caption}>{seed}</span>
          </li>
        );
      })}
    </ul>
  );
}
