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

const strings = copy.settings;
const THEMES = ['system', 'dark', 'light'] as const;

export function SettingsPage() {
  const settings = useSlice('settings');
  const about = useSlice('about');
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{strings.title}</h1>
      </header>
      <div className={page.narrow}>
        <section className={page.section}>
          <SelectField
            label={strings.theme}
            value={settings.theme}
            choices={THEMES.map((value) => ({ value, label: strings.themes[value] }))}
            onChange={(theme) => void send(window.splitreel.updateSettings({ theme }))}
          />
          <SelectField
            label={strings.language}
            hint={strings.languageHint}
            value={settings.language}
            choices={LANGUAGE_CHOICES.map((value) => ({ value, label: strings.languages[value] }))}
            onChange={(language) => void send(window.splitreel.updateSettings({ language }))}
          />
        </section>
        <section className={page.section}>
          <div className={page.sectionHead}>
            <h2>{strings.folder}</h2>
            <span className={page.space} />
            <Button onClick={() => void send(window.splitreel.chooseVideosFolder())}>{strings.change}</Button>
          </div>
          <p className={page.quiet}>{about.videosFolder}</p>
        </section>
        <section className={page.section}>
          <SwitchField
            label={strings.notify}
            hint={strings.notifyHint}
            isOn={settings.notifyWhenDone}
            onChange={(notifyWhenDone) => void send(window.splitreel.updateSettings({ notifyWhenDone }))}
          />
          <SwitchField
            label={strings.sound}
            hint={strings.soundHint}
            isOn={settings.soundWhenDone}
            onChange={(soundWhenDone) => void send(window.splitreel.updateSettings({ soundWhenDone }))}
          />
          <SwitchField
            label={strings.loop}
            hint={strings.loopHint}
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
