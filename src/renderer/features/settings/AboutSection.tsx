import { useState } from 'react';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import { NoticesDialog } from './NoticesDialog';

const strings = copy.settings;

export function AboutSection() {
  const about = useSlice('about');
  const [notices, setNotices] = useState<string | null>(null);
  const facts = [
    [strings.version, about.version],
    ['Electron', `${about.electron} (Chromium ${about.chromium})`],
    [strings.runtime, about.runtime.note === '' ? about.runtime.kind : about.runtime.note],
    [strings.data, about.dataFolder],
  ] as const;
  const showNotices = async (): Promise<void> => setNotices((await send(window.splitreel.readNotices())) ?? null);
  return (
    <section className={page.section} aria-label={strings.about}>
      <h2>{strings.about}</h2>
      {about.isPackaged && about.runtime.kind === 'fallback' && <p role="note">{strings.notForRelease}</p>}
      <dl className={page.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={page.row}>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'docs' }))}>{strings.docs}</Button>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'issues' }))}>{strings.issues}</Button>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'license' }))}>{strings.license}</Button>
        {about.isPackaged && (
          <>
            <Button onClick={() => void showNotices()}>{strings.notices}</Button>
            <Button onClick={() => void send(window.splitreel.showBillOfMaterials())}>{strings.billOfMaterials}</Button>
          </>
        )}
      </div>
      {notices !== null && <NoticesDialog text={notices} onClose={() => setNotices(null)} />}
    </section>
  );
}
