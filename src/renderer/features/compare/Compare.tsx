import { X } from 'lucide-react';
import { useState, type PointerEvent } from 'react';
import type { GuestVideo } from '../../../shared/library';
import { toggleCompared } from '../../state/compare';
import { copy } from '../../copy';
import { IconButton } from '../../ui/Button';
import { Video } from '../../ui/Video';
import styles from './Compare.module.css';
import { CompareBar } from './CompareBar';
import type { CompareMode } from './keys';
import { useCompareKeys } from './use-compare-keys';
import { useSync, type Sync } from './use-sync';
import { useZoom } from './use-zoom';

const strings = copy.compare;

/** `A` to `D`: the label of a video, on it and in the list of differences. */
export const letterOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

interface CompareProps {
  readonly videos: readonly GuestVideo[];
}

/** Two to four synchronized videos on the stage. */
export function Compare({ videos }: CompareProps) {
  const [wantedMode, setMode] = useState<CompareMode>('side');
  const [wipe, setWipe] = useState(0.5);
  const sync = useSync(videos);
  const zoom = useZoom();
  const isPair = videos.length === 2;
  const mode = isPair ? wantedMode : 'side';

  useCompareKeys(sync, zoom, (next) => {
    if (isPair) setMode(next);
  });

  const onPointerMove = (event: PointerEvent): void => {
    if (event.buttons !== 1) return;
    if (mode !== 'wipe') zoom.onPan(event);
    else {
      const { left, width } = event.currentTarget.getBoundingClientRect();
      setWipe(Math.min(Math.max((event.clientX - left) / width, 0), 1));
    }
  };
  return (
    <section className={styles.compare} aria-label={strings.title}>
      <div
        className={styles.layers}
        data-mode={mode}
        data-count={videos.length}
        style={{
          '--wipe': String(wipe),
          '--zoom': String(zoom.zoom.scale),
          '--x': String(zoom.zoom.x),
          '--y': String(zoom.zoom.y),
        }}
        // An alternative for pointer users: the slider, the buttons and the keys do the same.
        onWheel={zoom.onWheel}
        onPointerMove={onPointerMove}
      >
        {videos.map((video, index) => (
          <Layer key={video.id} video={video} name={letterOf(index)} register={sync.register} />
        ))}
        {mode === 'wipe' && <span className={styles.wipeLine} aria-hidden />}
        {videos.length < 2 && <p className={styles.hint}>{strings.hint}</p>}
      </div>
      <CompareBar
        sync={sync}
        mode={mode}
        isPair={isPair}
        wipe={wipe}
        scale={zoom.zoom.scale}
        onMode={setMode}
        onWipe={setWipe}
        onZoom={zoom.zoomBy}
        onFit={zoom.fit}
      />
    </section>
  );
}

interface LayerProps {
  readonly video: GuestVideo;
  readonly name: string;
  readonly register: Sync['register'];
}

function Layer({ video, name, register }: LayerProps) {
  const [isBroken, setIsBroken] = useState(false);
  return (
    <figure className={styles.layer}>
      <Video
        ref={(element) => register(video.id, element)}
        className={styles.video}
        src={video.videoUrl}
        aria-label={strings.video({ name, file: video.metadata?.request.prompt ?? video.fileName })}
        preload="auto"
        onError={() => setIsBroken(true)}
      />
      {isBroken && <p className={styles.broken}>{strings.broken}</p>}
      <figcaption className={styles.name}>
        {name}
        <IconButton size="small" label={strings.removeVideo({ name })} onClick={() => toggleCompared(video.id)}>
          <X size={12} aria-hidden />
        </IconButton>
      </figcaption>
    </figure>
  );
}
