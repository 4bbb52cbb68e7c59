import { currentLanguage, languageFor, setLanguage } from '../../shared/language';
import { openSettings, type SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export async function composeSettings(base: Foundation): Promise<SettingsService> {
  const { ports, folders, store, signals } = base;
  const settings = await openSettings(ports, { file: folders.settingsFile, onChange: signals.settingsChanged.emit });
  const applyLanguage = (): void => {
    const language = languageFor(settings.get().language, base.options.systemLanguages);
    if (language === currentLanguage()) return;
    setLanguage(language);
    signals.languageChanged.emit(language);
  };
  const publish = (): void => {
    applyLanguage();
    store.set('settings', settings.get());
    store.set('about', { ...store.get('about'), videosFolder: videosFolder(base, settings) });
  };
  base.notify(settings.problem);
  publish();
  signals.settingsChanged.subscribe(publish);
  return settings;
}

export const videosFolder = ({ options }: Foundation, settings: SettingsService): string =>
  settings.get().videosFolder ?? options.defaultVideosFolder;
