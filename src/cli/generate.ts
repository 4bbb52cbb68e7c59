import type { Command } from './command';
import { runPackage } from './run-python';

export const generate: Command = {
  name: 'generate',
  summary: 'make videos without a window (--help lists the flags)',
  run: (args) => runPackage(['generate', ...args]),
};
