import { message } from './message';

export const player = {
  label: 'Player',
  about: 'About this video',
  video: 'The finished video',
  play: 'Play',
  pause: 'Pause',
  scrub: 'Position',
  previous: 'Previous frame',
  next: 'Next frame',
  loop: 'Loop',
  speed: 'Speed',
  speedValue: message('{speed, number}x'),
  fullScreen: 'Full screen',
  frame: message('frame {frame, number} of {total, number}'),
  drag: 'Drag out',
  dragHint: 'Drag the video to a folder or an editor',
  exactQueued: 'The exact version was added to the queue.',
  broken:
    "This video can't be played. It may have been moved or deleted, or need another player: try Show in folder, under More.",
} as const;
