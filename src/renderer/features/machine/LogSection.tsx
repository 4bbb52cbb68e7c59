import { useEffect, useRef, useState } from 'react';
import { saveDiagnostics } from '../../state/diagnostics';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import styles from './MachinePage.module.css';

const strings = copy.machine;

export function LogSection() {
  const [tail, setTail] = useState('');
  const [hasPrompts, setHasPrompts] = useState(false);
  const log = useRef<HTMLPreElement>(null);
  const read = async (): Promise<void> => {
    const text = await send(window.splitreel.readLogTail());
    if (text !== null) setTail(text);
  };
  useEffect(() => {
    let isShown = true;
    void send(window.splitreel.readLogTail()).then((text) => {
      if (isShown && text !== null) setTail(text);
    });
    return () => {
      isShown = false;
    };
  }, []);
  // The newest lines are at the end.
  useEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [tail]);
  return (
    <section className={page.section} aria-labelledby="logs-title">
      <div className={page.sectionHead}>
        <h2 id="logs-title">{strings.logs}</h2>
        <span className={page.space} />
        <label className={page.row}>
          <input type="checkbox" checked={hasPrompts} onChange={(event) => setHasPrompts(event.target.checked)} />
          <span className={page.quiet}>{copy.errors.includePrompts}</span>
        </label>
        <Button size="small" onClick={() => saveDiagnostics(hasPrompts)}>
          {copy.errors.saveDiagnostics}
        </Button>
        <Button size="small" onClick={() => void read()}>
          {strings.refreshLogs}
        </Button>
        <Button size="small" onClick={() => void send(window.splitreel.openLogsFolder())}>
          {strings.openLogs}
        </Button>
      </div>
      {/* Scrolled by keyboard, so it takes the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={log} className={styles.log} tabIndex={0} role="group" aria-label={strings.logs}>
        {tail === '' ? strings.emptyLog : tail}
      </pre>
    </section>
  );
}
