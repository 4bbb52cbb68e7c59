import { useState } from 'react';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import { NoticesDialog } from './NoticesDialog';

const words = copy.settings;

export function AboutSection() {
  const about = useSlice('about');
  const [notices, setNotices] = useState<string | null>(null);
  const facts = [
    [words.version, about.version],
    ['Electron', `${about.electron} (Chromium ${about.chromium})`],
    [words.runtime, about.runtime.note === '' ? about.runtime.kind : about.runtime.note],
    [words.data, about.dataFolder],
  ] as const;
  const showNotices = async (): Promise<void> => setNotices((await send(window.splitreel.readNotices())) ?? null);
  return (
    <section className={page.section} aria-label={words.about}>
      <h2>{words.about}</h2>
      {about.isPackaged && about.runtime.kind === 'fallback' && <p role="note">{words.notForRelease}</p>}
      <dl className={page.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={page.row}>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'docs' }))}>{words.docs}</Button>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'issues' }))}>{words.issues}</Button>
        <Button onClick={() => void send(window.splitreel.openLink({ link: 'license' }))}>{words.license}</Button>
        {about.isPackaged && (
          <>
            <Button onClick={() => void showNotices()}>{words.notices}</Button>
            <Button onClick={() => void send(window.splitreel.showBillOfMaterials())}>{words.billOfMaterials}</Button>
          </>
        )}
      </div>
      {notices !== null && <NoticesDialog text={notices} onClose={() => setNotices(null)} />}
    </section>
  );
}
