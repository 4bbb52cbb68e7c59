import { ChevronLeft, ChevronRight, ImagePlus, Keyboard, Maximize, Pause, Play, Repeat } from 'lucide-react';
import { Slider } from 'radix-ui';
import { useRef, useState, type DragEvent } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { formatList, formatPair, formatTime } from '../../../shared/format';
import { showHelp } from '../../state/navigation';
import { useCommands } from '../../state/commands';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { continueVideo, takeFrame } from '../../state/next-video';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { Tooltip } from '../../ui/Tooltip';
import { useShortcut } from '../../ui/use-shortcut';
import { Video } from '../../ui/Video';
import { playerCommand, SPEEDS, type PlayerCommand } from './keys';
import styles from './Player.module.css';
import { usePlayback, type Playback } from './use-playback';

/** Main starts the drag, so that the system gets the files themselves. */
export function dragVideosOut(event: DragEvent, videoIds: readonly string[]): void {
  event.preventDefault();
  void send(window.splitreel.dragVideos({ videoIds: [...videoIds] }));
}

interface PlayerProps {
  readonly video: LibraryVideo;
  /** Shows its first frame instead of starting to play. */
  readonly isPausedAtStart?: boolean;
}

export function Player({ video, isPausedAtStart = false }: PlayerProps) {
  const isLooping = useSlice('settings').loopPlayback;
  const [speed, setSpeed] = useState<number>(1);
  const box = useRef<HTMLDivElement>(null);
  const { numFrames, width, height, prompt } = video.metadata.request;
  const frames = Math.max(Math.round((video.durationMs / 1000) * video.frameRate), 1) || numFrames;
  const playback = usePlayback({ frames, frameRate: video.frameRate, speed, isPausedAtStart });
  const { run, ref } = playback;

  const setLooping = (): void => void send(window.splitreel.updateSettings({ loopPlayback: !isLooping }));
  const setFullScreen = (): void => {
    const change = document.fullscreenElement === null ? box.current?.requestFullscreen() : document.exitFullscreen();
    // Rejects on a system without full screen, which is fine.
    change?.catch(() => undefined);
  };

  const takeShownFrame = useNextVideoCommands(video, playback);

  const obey = (command: PlayerCommand): void => {
    if (command.type === 'loop') setLooping();
    else if (command.type === 'fullScreen') setFullScreen();
    else if (command.type === 'takeFrame') takeShownFrame();
    else if (command.type === 'continue') void continueVideo(video);
    else run(command);
  };
  useShortcut({
    repeats: true,
    match: (event) => {
      const command = playerCommand(event);
      return command === null ? null : () => obey(command);
    },
  });

  return (
    <div ref={box} className={styles.player} role="group" aria-label={copy.player.label}>
      <div className={styles.area}>
        <div className={styles.frame} style={{ '--ratio': String(width / height) }}>
          {playback.hasFailed ? (
            <p className={styles.broken}>{copy.player.broken}</p>
          ) : (
            <Video
              ref={ref}
              className={styles.video}
              src={video.videoUrl}
              aria-label={formatPair(copy.player.video, prompt)}
              title={copy.player.dragHint}
              loop={isLooping}
              draggable
              onDragStart={(event) => dragVideosOut(event, [video.id])}
              onClick={playback.toggle}
            />
          )}
        </div>
      </div>
      <div className={styles.bar}>
        <Transport
          playback={playback}
          frames={frames}
          frameRate={video.frameRate}
          speed={speed}
          isLooping={isLooping}
          onSpeed={setSpeed}
          onLoop={setLooping}
          onFullScreen={setFullScreen}
          onTakeFrame={takeShownFrame}
        />
      </div>
    </div>
  );
}

/**
 * Offers a frame or the end of the video as the start of another one. Returns the action that uses the current frame.
 */
function useNextVideoCommands(video: LibraryVideo, { pause, frame }: Playback): () => void {
  const takeShownFrame = (): void => {
    pause();
    void takeFrame(video, frame);
  };
  useCommands('player', [
    { id: 'takeFrame', label: copy.nextVideo.useFrame, keys: copy.nextVideo.useFrameKey, run: takeShownFrame },
    {
      id: 'continue',
      label: copy.nextVideo.continueHint,
      keys: copy.nextVideo.continueKey,
      run: () => void continueVideo(video),
    },
  ]);
  return takeShownFrame;
}

interface TransportProps {
  readonly playback: Playback;
  readonly frames: number;
  readonly frameRate: number;
  readonly speed: number;
  readonly isLooping: boolean;
  readonly onSpeed: (speed: number) => void;
  readonly onLoop: () => void;
  readonly onFullScreen: () => void;
  readonly onTakeFrame: () => void;
}

function Transport({ playback, frames, frameRate, speed, isLooping, ...on }: TransportProps) {
  const { frame, isPlaying, run, seek, toggle, pause } = playback;
  const strings = copy.player;
  const position = formatList([formatTime(frame / frameRate), strings.frame({ frame: frame + 1, total: frames })]);
  return (
    <div className={styles.transport}>
      <IconButton label={isPlaying ? strings.pause : strings.play} onClick={toggle}>
        {isPlaying ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
      </IconButton>
      <IconButton label={strings.previous} onClick={() => run({ type: 'step', frames: -1 })}>
        <ChevronLeft size={18} aria-hidden />
      </IconButton>
      <IconButton label={strings.next} onClick={() => run({ type: 'step', frames: 1 })}>
        <ChevronRight size={18} aria-hidden />
      </IconButton>
      <span className={styles.time}>{formatTime(frame / frameRate)}</span>
      <Slider.Root
        className={styles.scrub}
        min={0}
        max={Math.max(frames - 1, 1)}
        step={1}
        value={[frame]}
        onValueChange={([next]) => {
          pause();
          if (next !== undefined) seek(next);
        }}
      >
        <Slider.Track className={styles.scrubTrack}>
          <Slider.Range className={styles.scrubRange} />
        </Slider.Track>
        <Slider.Thumb className={styles.scrubThumb} aria-label={strings.scrub} aria-valuetext={position} />
      </Slider.Root>
      <span className={styles.frameCount}>{strings.frame({ frame: frame + 1, total: frames })}</span>
      <Tooltip text={copy.nextVideo.useFrameHint}>
        <Button look="plain" className={styles.takeFrame} aria-label={copy.nextVideo.useFrame} onClick={on.onTakeFrame}>
          <ImagePlus size={16} aria-hidden />
          <span>{copy.nextVideo.useFrame}</span>
        </Button>
      </Tooltip>
      <IconButton label={strings.loop} isPressed={isLooping} onClick={on.onLoop}>
        <Repeat size={16} aria-hidden />
      </IconButton>
      <Button
        look="plain"
        className={styles.speed}
        aria-label={formatPair(strings.speed, strings.speedValue({ speed }))}
        onClick={() => {
          const at = SPEEDS.findIndex((candidate) => candidate === speed);
          on.onSpeed(SPEEDS[(at + 1) % SPEEDS.length] ?? 1);
        }}
      >
        {strings.speedValue({ speed })}
      </Button>
      <IconButton label={copy.shortcuts.title} className={styles.keys} onClick={showHelp}>
        <Keyboard size={16} aria-hidden />
      </IconButton>
      <IconButton label={strings.fullScreen} onClick={on.onFullScreen}>
        <Maximize size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
