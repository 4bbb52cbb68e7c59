import { LANGUAGE_CHOICES } from '../../../shared/language';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { SelectField, SwitchField } from '../../ui/fields';
import { HubSettings } from '../models';
import page from '../../ui/page.module.css';
import { AboutSection } from './AboutSection';
import { RewritingSection } from './RewritingSection';
import { UpdatesSection } from './UpdatesSection';

const words = copy.settings;
const THEMES = ['system', 'dark', 'light'] as const;

export function SettingsPage() {
  const settings = useSlice('settings');
  const about = useSlice('about');
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{words.title}</h1>
      </header>
      <div className={page.narrow}>
        <section className={page.section}>
          <SelectField
            label={words.theme}
            value={settings.theme}
            choices={THEMES.map((value) => ({ value, label: words.themes[value] }))}
            onChange={(theme) => void send(window.splitreel.updateSettings({ theme }))}
          />
          <SelectField
            label={words.language}
            hint={words.languageHint}
            value={settings.language}
            choices={LANGUAGE_CHOICES.map((value) => ({ value, label: words.languages[value] }))}
            onChange={(language) => void send(window.splitreel.updateSettings({ language }))}
          />
        </section>
        <section className={page.section}>
          <div className={page.sectionHead}>
            <h2>{words.folder}</h2>
            <span className={page.space} />
            <Button onClick={() => void send(window.splitreel.chooseVideosFolder())}>{words.change}</Button>
          </div>
          <p className={page.quiet}>{about.videosFolder}</p>
        </section>
        <section className={page.section}>
          <SwitchField
            label={words.notify}
            hint={words.notifyHint}
            isOn={settings.notifyWhenDone}
            onChange={(notifyWhenDone) => void send(window.splitreel.updateSettings({ notifyWhenDone }))}
          />
          <SwitchField
            label={words.sound}
            hint={words.soundHint}
            isOn={settings.soundWhenDone}
            onChange={(soundWhenDone) => void send(window.splitreel.updateSettings({ soundWhenDone }))}
          />
          <SwitchField
            label={words.loop}
            hint={words.loopHint}
            isOn={settings.loopPlayback}
            onChange={(loopPlayback) => void send(window.splitreel.updateSettings({ loopPlayback }))}
          />
        </section>
        <RewritingSection />
        <HubSettings />
        <UpdatesSection />
        <AboutSection />
      </div>
    </main>
  );
}
