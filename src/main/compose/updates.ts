import path from 'node:path';
import { z } from 'zod';
import type { SettingsService } from '../settings/settings';
import { parsePublicKey } from '../updates/minisign';
import { openUpdates, type UpdatesService } from '../updates/updates';
import type { Foundation } from './foundation';

/** resources/updates.json: the project's own feed. */
const feedSchema = z.object({ feed: z.url({ protocol: /^https$/ }) });
/** The public half of the key that announcements are signed with, in minisign's format. Absent until a key exists. */
const KEY_NAME = 'update-key.pub';

export async function composeUpdates(base: Foundation, settings: SettingsService): Promise<UpdatesService> {
  const { ports, options, folders, store, signals, notify } = base;
  const read = (name: string): Promise<string> => ports.files.readText(path.join(options.resourcesFolder, name));
  const usual = feedSchema.parse(JSON.parse(await read('updates.json'))).feed;
  const keyText = await read(KEY_NAME).catch(() => null);
  const updates = await openUpdates(ports, {
    file: folders.updatesFile,
    key: keyText === null ? null : parsePublicKey(keyText),
    version: options.about.version,
    settings: () => {
      const { isUpdateCheckOn, updateFeed } = settings.get();
      return { isUpdateCheckOn, feed: updateFeed ?? usual };
    },
    onChange: (value) => store.set('updates', value),
  });
  notify(updates.problem);
  signals.settingsChanged.subscribe(updates.configure);
  return updates;
}
