import { openPrompts, type Prompts } from '../prompts/prompts';
import type { Foundation } from './foundation';

export async function composePrompts({ ports, folders, store, notify }: Foundation): Promise<Prompts> {
  const prompts = await openPrompts(ports, {
    file: folders.promptsFile,
    onHistory: (value) => store.set('promptHistory', value),
    onPresets: (value) => store.set('presets', value),
  });
  notify(prompts.problem);
  return prompts;
}
