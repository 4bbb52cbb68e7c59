/** The pages that the window may open in the user's browser. The window sends an id, never an address. */
import { repositorySchema } from '../../shared/catalog';
import type { LINK_IDS } from '../../shared/ipc';

export type LinkId = (typeof LINK_IDS)[number];

const PROJECT = 'https://github.com/splitreel/splitreel';

export const LINKS: Readonly<Record<LinkId, string>> = {
  docs: `${PROJECT}#readme`,
  issues: `${PROJECT}/issues`,
  license: 'https://www.apache.org/licenses/LICENSE-2.0',
  model2b: 'https://huggingface.co/THUDM/CogVideoX-2b',
  model5b: 'https://huggingface.co/THUDM/CogVideoX-5b',
  model15: 'https://huggingface.co/THUDM/CogVideoX1.5-5B',
  driver: 'https://www.nvidia.com/drivers/',
  wsl: 'https://learn.microsoft.com/windows/wsl/install',
};

/** Throws for an invalid repository name: anyone may have written the catalog. */
export const modelPage = (repository: string): string => `https://huggingface.co/${repositorySchema.parse(repository)}`;
