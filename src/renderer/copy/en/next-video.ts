import { message } from './message';

/** A finished video as the start of another one. */
export const nextVideo = {
  useFrame: 'Use this frame',
  useFrameHint: 'Use this frame as the first of the next video',
  useFrameKey: 'I',
  continue: 'Continue',
  continueHint: 'Continue from the last frame',
  continueKey: 'N',
  frameUsed: message('Frame {frame, number} is now the first frame of the next video.'),
  frameUsedWith: message('Frame {frame, number} is now the first frame of the next video, made with {model}.'),
  continuing: message('Change the prompt if you like, and press Generate. The new part is joined to {name}.'),
  continues: message('Continues {name}: the new part is joined to it, and both files are kept.'),
  separate: 'Make a separate video instead',
  noModel: message('No model on this computer starts from an image. You can download {model}.'),
  sizeRefused: message("{model} can't make {width} × {height}, so its video couldn't be joined to this one."),
  parts: message('{count, plural, one {# part} other {# parts}}'),
} as const;
