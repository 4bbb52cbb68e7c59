import { openRewriting, type Rewriting } from '../rewriting/rewriting';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export const composeRewriting = (
  { ports, options, folders, log, store }: Foundation,
  settings: SettingsService,
): Promise<Rewriting> =>
  openRewriting(
    { ...ports, log },
    {
      keyFile: folders.rewriterKeyFile,
      env: options.env,
      cwd: options.home,
      settings: settings.get,
      models: () => store.get('models'),
      onState: (value) => store.set('rewriting', value),
    },
  );
