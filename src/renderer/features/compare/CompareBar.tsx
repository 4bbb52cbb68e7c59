import { ChevronLeft, ChevronRight, FilePlus, Maximize2, Pause, Play, X, ZoomIn, ZoomOut } from 'lucide-react';
import { Slider } from 'radix-ui';
import { formatList, formatTime } from '../../../shared/format';
import { closeComparison, compareFile } from '../../state/compare';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { Tooltip } from '../../ui/Tooltip';
import styles from './Compare.module.css';
import { COMPARE_MODES, type CompareMode } from './keys';
import { useFrame, type Sync } from './use-sync';
import { ZOOM_STEP } from './use-zoom';

const strings = copy.compare;

interface CompareBarProps {
  readonly sync: Sync;
  readonly mode: CompareMode;
  readonly isPair: boolean;
  readonly wipe: number;
  readonly scale: number;
  readonly onMode: (mode: CompareMode) => void;
  readonly onWipe: (wipe: number) => void;
  readonly onZoom: (factor: number) => void;
  readonly onFit: () => void;
}

/** Shared transport and zoom, and the layout of the videos. */
export function CompareBar({ sync, mode, isPair, wipe, scale, onMode, onWipe, onZoom, onFit }: CompareBarProps) {
  return (
    <div className={styles.bar}>
      <SyncTransport sync={sync} />
      <div className={styles.tools}>
        <Modes mode={mode} isPair={isPair} onMode={onMode} />
        {mode === 'wipe' && (
          <input
            className={styles.wipe}
            type="range"
            min={0}
            max={100}
            aria-label={strings.wipe}
            value={Math.round(wipe * 100)}
            onChange={(event) => onWipe(event.target.valueAsNumber / 100)}
          />
        )}
        <span className={styles.space} />
        <IconButton size="small" label={strings.zoomOut} disabled={scale <= 1} onClick={() => onZoom(1 / ZOOM_STEP)}>
          <ZoomOut size={16} aria-hidden />
        </IconButton>
        <span className={styles.zoom}>{strings.zoom({ percent: Math.round(scale * 100) })}</span>
        <IconButton size="small" label={strings.zoomIn} onClick={() => onZoom(ZOOM_STEP)}>
          <ZoomIn size={16} aria-hidden />
        </IconButton>
        <IconButton size="small" label={strings.zoomFit} disabled={scale <= 1} onClick={onFit}>
          <Maximize2 size={14} aria-hidden />
        </IconButton>
        <Button
          size="small"
          look="plain"
          aria-label={strings.addFile}
          title={strings.addFile}
          onClick={() => void compareFile(null)}
        >
          <FilePlus size={16} aria-hidden />
          <span className={styles.addFile}>{strings.addFile}</span>
        </Button>
        <IconButton size="small" label={strings.close} onClick={closeComparison}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
    </div>
  );
}

function Modes({ mode, isPair, onMode }: Pick<CompareBarProps, 'mode' | 'isPair' | 'onMode'>) {
  return (
    <Tooltip text={isPair ? '' : strings.twoOnly}>
      <div className={styles.modes} role="group" aria-label={strings.mode}>
        {COMPARE_MODES.map((each) => (
          <Button
            key={each}
            size="small"
            look="plain"
            className={mode === each ? styles.chosen : undefined}
            aria-pressed={mode === each}
            disabled={each !== 'side' && !isPair}
            onClick={() => onMode(each)}
          >
            {strings.modes[each]}
          </Button>
        ))}
      </div>
    </Tooltip>
  );
}

function SyncTransport({ sync }: { readonly sync: Sync }) {
  const { frames, frameRate, isPlaying, toggle, seek, step } = sync;
  const frame = useFrame(sync);
  const player = copy.player;
  return (
    <div className={styles.transport}>
      <IconButton size="small" label={isPlaying ? player.pause : player.play} onClick={toggle}>
        {isPlaying ? <Pause size={16} aria-hidden /> : <Play size={16} aria-hidden />}
      </IconButton>
      <IconButton size="small" label={player.previous} onClick={() => step(-1)}>
        <ChevronLeft size={16} aria-hidden />
      </IconButton>
      <IconButton size="small" label={player.next} onClick={() => step(1)}>
        <ChevronRight size={16} aria-hidden />
      </IconButton>
      <Slider.Root
        className={styles.scrub}
        min={0}
        max={Math.max(frames - 1, 1)}
        step={1}
        value={[frame]}
        onValueChange={([next]) => {
          if (next !== undefined) seek(next);
        }}
      >
        <Slider.Track className={styles.scrubTrack}>
          <Slider.Range className={styles.scrubRange} />
        </Slider.Track>
        <Slider.Thumb
          className={styles.scrubThumb}
          aria-label={player.scrub}
          aria-valuetext={formatList([
            formatTime(frame / frameRate),
            player.frame({ frame: frame + 1, total: frames }),
          ])}
        />
      </Slider.Root>
      <span className={styles.count}>{player.frame({ frame: frame + 1, total: frames })}</span>
    </div>
  );
}
