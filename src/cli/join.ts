import type { Command } from './command';
import { runPackage } from './run-python';

export const joinVideos: Command = {
  name: 'join',
  summary: 'join a video and its continuation into one',
  run: (args) => runPackage(['join', ...args]),
};
