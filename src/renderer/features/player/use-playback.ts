/** Connects the controls to a clip in a video element. */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { shuttleRate, type PlayerCommand } from './keys';
import { AT_START, openTransport, type Clip, type Transport, type TransportState } from './transport';

export interface Playback extends TransportState {
  readonly ref: RefObject<HTMLVideoElement | null>;
  readonly seek: (frame: number) => void;
  readonly toggle: () => void;
  readonly pause: () => void;
  readonly run: (command: PlayerCommand) => void;
}

interface PlaybackOptions extends Clip {
  readonly speed: number;
  readonly isPausedAtStart: boolean;
}

export function usePlayback({ frames, frameRate, speed, isPausedAtStart }: PlaybackOptions): Playback {
  const ref = useRef<HTMLVideoElement>(null);
  const transport = useRef<Transport | null>(null);
  const [state, setState] = useState(AT_START);

  useEffect(() => {
    if (ref.current === null) return;
    const opened = openTransport(ref.current, { frames, frameRate }, setState);
    transport.current = opened;
    // Start a finished video here, because the autoplay attribute would bypass the controls' state.
    if (!isPausedAtStart) opened.playAt(1);
    return opened.close;
  }, [frames, frameRate, isPausedAtStart]);

  useEffect(() => transport.current?.changeSpeed(speed), [speed]);

  const run = useCallback(
    (command: PlayerCommand): void => {
      if (transport.current !== null) runCommand(transport.current, command, { frames, frameRate, speed });
    },
    [frames, frameRate, speed],
  );
  return {
    ...state,
    ref,
    run,
    seek: (frame) => transport.current?.seek(frame),
    toggle: () => run({ type: 'toggle' }),
    pause: () => run({ type: 'pause' }),
  };
}

function runCommand(
  transport: Transport,
  command: PlayerCommand,
  { frames, frameRate, speed }: Clip & { readonly speed: number },
): void {
  switch (command.type) {
    case 'toggle':
      if (transport.rate() === 0) transport.playAt(speed);
      else transport.pause();
      return;
    case 'pause':
      transport.pause();
      return;
    case 'step':
      transport.pause();
      transport.seek(transport.frame() + command.frames);
      return;
    case 'seconds':
      transport.seek(transport.frame() + Math.round(command.seconds * frameRate));
      return;
    case 'first':
      transport.seek(0);
      return;
    case 'last':
      transport.pause();
      transport.seek(frames - 1);
      return;
    case 'shuttle':
      transport.playAt(shuttleRate(transport.rate(), command.direction));
      return;
    case 'loop':
    case 'fullScreen':
    case 'takeFrame':
    case 'continue':
  }
}
