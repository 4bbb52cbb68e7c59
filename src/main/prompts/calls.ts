import path from 'node:path';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Prompts } from './prompts';

export interface PromptCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFile' | 'chooseSavePath'>;
  readonly prompts: Prompts;
  /** The folder that the export dialog suggests. */
  readonly home: string;
}

type PromptCall =
  | 'rememberPrompt'
  | 'forgetPrompt'
  | 'savePreset'
  | 'removePreset'
  | 'exportPresets'
  | 'importPresets'
  | 'readPromptFile';

export const promptCalls = ({ desktop, prompts, home }: PromptCallPorts): Calls<PromptCall> => ({
  rememberPrompt: prompts.remember,
  forgetPrompt: ({ prompt }) => prompts.forget(prompt),
  savePreset: prompts.savePreset,
  removePreset: ({ name }) => prompts.removePreset(name),
  exportPresets: async () => {
    const file = await desktop.chooseSavePath('presets', path.join(home, 'splitreel-presets.json'));
    if (file !== null) await prompts.exportPresets(file);
    return file;
  },
  importPresets: async (input) => {
    const file = input.path ?? (await desktop.chooseFile('presets'));
    return file === null ? null : prompts.importPresets(file);
  },
  readPromptFile: async (input) => {
    const file = input.path ?? (await desktop.chooseFile('prompts'));
    return file === null ? null : prompts.readList(file);
  },
});
