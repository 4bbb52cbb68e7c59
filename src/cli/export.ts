import type { Command } from './command';
import { runPackage } from './run-python';

export const exportVideo: Command = {
  name: 'export',
  summary: 'copy a video into another format (--help lists the flags)',
  run: (args) => runPackage(['export', ...args]),
};
