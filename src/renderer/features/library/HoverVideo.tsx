/** A thumbnail that plays once the pointer rests on it. Only one plays at a time, so one decoder is enough. */
import { Film } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { create } from 'zustand';
import type { LibraryVideo } from '../../../shared/library';
import { isMotionReduced } from '../../ui/motion';
import { Video } from '../../ui/Video';
import styles from './LibraryPage.module.css';

const REST_MS = 300;

/** The playing video: resting on another one stops it. */
const usePlaying = create<{ readonly videoId: string | null }>(() => ({ videoId: null }));

export function HoverVideo({ video }: { readonly video: LibraryVideo }) {
  const isPlaying = usePlaying((state) => state.videoId === video.id);
  const box = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    // The whole card counts, because buttons cover part of the thumbnail.
    const card = box.current?.closest('li');
    let timer: number | undefined;
    const start = (event: PointerEvent): void => {
      if (event.pointerType !== 'mouse' || isMotionReduced()) return;
      timer = window.setTimeout(() => usePlaying.setState({ videoId: video.id }), REST_MS);
    };
    const stop = (): void => {
      window.clearTimeout(timer);
      if (usePlaying.getState().videoId === video.id) usePlaying.setState({ videoId: null });
    };
    card?.addEventListener('pointerenter', start);
    card?.addEventListener('pointerleave', stop);
    return () => {
      card?.removeEventListener('pointerenter', start);
      card?.removeEventListener('pointerleave', stop);
      stop();
    };
  }, [video.id]);
  return (
    <span ref={box} className={styles.picture}>
      {video.thumbnailUrl === null ? (
        <Film size={28} strokeWidth={1.5} aria-hidden />
      ) : (
        <img className={styles.thumbnail} src={video.thumbnailUrl} alt="" loading="lazy" draggable={false} />
      )}
      {isPlaying && <Playing url={video.videoUrl} />}
    </span>
  );
}

/** Shown once it has a frame; until then the thumbnail is. */
function Playing({ url }: { readonly url: string }) {
  const [hasFrame, setHasFrame] = useState(false);
  return (
    <Video
      className={styles.playing}
      data-ready={hasFrame || undefined}
      src={url}
      loop
      autoPlay
      aria-hidden
      onLoadedData={() => setHasFrame(true)}
    />
  );
}
