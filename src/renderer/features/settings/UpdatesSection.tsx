import { useState } from 'react';
import type { Updates } from '../../../shared/updates';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import { SwitchField, TextField } from '../../ui/fields';
import page from '../../ui/page.module.css';
import styles from './SettingsPage.module.css';

const strings = copy.updates;

/** Whether there is a newer version. Off by default; it only ever opens the download page. */
export function UpdatesSection() {
  const { hasKey, feed, check } = useSlice('updates');
  const { isUpdateCheckOn } = useSlice('settings');
  return (
    <section className={page.section} aria-label={strings.title}>
      <h2>{strings.title}</h2>
      {hasKey ? (
        <>
          <SwitchField
            label={strings.check}
            hint={strings.checkHint({ feed: new URL(feed).host })}
            isOn={isUpdateCheckOn}
            onChange={(isOn) => void send(window.splitreel.updateSettings({ isUpdateCheckOn: isOn }))}
          />
          {isUpdateCheckOn && (
            <>
              <Outcome check={check} />
              <div className={page.row}>
                <Button
                  disabled={check.status === 'checking'}
                  onClick={() => void send(window.splitreel.checkForUpdates())}
                >
                  {strings.checkNow}
                </Button>
              </div>
              <Feed />
            </>
          )}
        </>
      ) : (
        <p className={page.quiet}>{strings.noKey}</p>
      )}
    </section>
  );
}

function Outcome({ check }: Pick<Updates, 'check'>) {
  const { version: own } = useSlice('about');
  switch (check.status) {
    case 'idle':
      return null;
    case 'checking':
      return <p role="status">{strings.checking}</p>;
    case 'newest':
      return <p role="status">{strings.newest}</p>;
    case 'failed':
      return <ErrorNote error={check.error} />;
    case 'available':
      return (
        <div role="status" className={styles.available}>
          <p>{strings.available({ version: check.version, own })}</p>
          <p className={styles.notes}>{check.notes}</p>
          <Button look="primary" onClick={() => void send(window.splitreel.openUpdatePage())}>
            {strings.download}
          </Button>
        </div>
      );
  }
}

const isFeed = (text: string): boolean => /^https:\/\/\S+$/.test(text) && URL.canParse(text);

function Feed() {
  const { updateFeed } = useSlice('settings');
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? updateFeed ?? '';
  const isWrong = text !== '' && !isFeed(text);
  const save = (): void => {
    void send(window.splitreel.setUpdateFeed({ address: text === '' ? null : text }));
    setTyped(null);
  };
  return (
    <>
      <TextField
        label={strings.feed}
        hint={strings.feedHint}
        placeholder={strings.feedPlaceholder}
        problem={isWrong && typed !== null ? strings.feedProblem : ''}
        value={text}
        onChange={setTyped}
      />
      {typed !== null && typed !== (updateFeed ?? '') && (
        <div className={page.row}>
          <Button disabled={isWrong} onClick={save}>
            {strings.save}
          </Button>
        </div>
      )}
    </>
  );
}
