import { useState } from 'react';
import { isHubAddress } from '../../../shared/download';
import { formatBytes } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { SelectField, SwitchField, TextField } from '../../ui/fields';
import { Meter } from '../../ui/Meter';
import page from '../../ui/page.module.css';
import { SignInDialog } from './SignInDialog';

const strings = copy.modelSettings;
const LIMITS = [1, 2, 5, 10, 20, 50, 100].map((megabytes) => megabytes * 1_000_000);

/** Where models are kept and where they come from. */
export function HubSettings() {
  return (
    <section className={page.section} aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <ModelsFolder />
      <SpeedLimit />
      <Account />
      <Mirror />
    </section>
  );
}

function ModelsFolder() {
  const { modelsFolder, moving } = useSlice('hub');
  return (
    <div>
      <div className={page.sectionHead}>
        <span>{strings.folder}</span>
        <span className={page.space} />
        <Button disabled={moving !== null} onClick={() => void send(window.splitreel.moveModelsFolder())}>
          {strings.move}
        </Button>
      </div>
      <p className={page.quiet}>{modelsFolder}</p>
      {moving !== null && (
        <>
          <Meter label={strings.move} value={moving.totalBytes === 0 ? 0 : moving.doneBytes / moving.totalBytes} />
          <p className={page.quiet} role="status">
            {strings.moving({
              name: moving.modelId ?? '',
              done: formatBytes(moving.doneBytes),
              total: formatBytes(moving.totalBytes),
            })}
          </p>
        </>
      )}
    </div>
  );
}

export function SpeedLimit() {
  const { downloadLimit } = useSlice('settings');
  const known = downloadLimit === null || LIMITS.includes(downloadLimit) ? LIMITS : [...LIMITS, downloadLimit];
  return (
    <SelectField
      label={copy.models.limit}
      value={String(downloadLimit ?? 'none')}
      choices={[
        { value: 'none', label: copy.models.limits.none },
        ...known.map((limit) => ({
          value: String(limit),
          label: copy.models.limits.other({ speed: formatBytes(limit) }),
        })),
      ]}
      onChange={(value) =>
        void send(window.splitreel.updateSettings({ downloadLimit: value === 'none' ? null : Number(value) }))
      }
    />
  );
}

function Account() {
  const [isAsking, setIsAsking] = useState(false);
  const { isSignedIn, isTokenKept } = useSlice('hub');
  const kept = isTokenKept ? strings.signedIn : strings.signedInOnce;
  return (
    <div>
      <div className={page.sectionHead}>
        <span>{strings.account}</span>
        <span className={page.space} />
        {isSignedIn ? (
          <Button onClick={() => void send(window.splitreel.signOut())}>{strings.signOut}</Button>
        ) : (
          <Button onClick={() => setIsAsking(true)}>{strings.signIn}</Button>
        )}
      </div>
      <p className={page.quiet}>{isSignedIn ? kept : strings.signedOut}</p>
      {isAsking && <SignInDialog onClose={() => setIsAsking(false)} />}
    </div>
  );
}

function Mirror() {
  const { hubMirror, sendTokenToMirror } = useSlice('settings');
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? hubMirror ?? '';
  const isWrong = text !== '' && !isHubAddress(text);
  const save = (): void => {
    void send(window.splitreel.setMirror({ address: text === '' ? null : text }));
    setTyped(null);
  };
  return (
    <>
      <TextField
        label={strings.mirror}
        hint={strings.mirrorHint}
        placeholder={strings.mirrorPlaceholder}
        problem={isWrong && typed !== null ? strings.mirrorProblem : ''}
        value={text}
        onChange={setTyped}
      />
      {typed !== null && typed !== (hubMirror ?? '') && (
        <div className={page.row}>
          <Button disabled={isWrong} onClick={save}>
            {strings.save}
          </Button>
        </div>
      )}
      <SwitchField
        label={strings.mirrorToken}
        hint={strings.mirrorTokenHint}
        isOn={sendTokenToMirror}
        blocked={hubMirror === null ? strings.mirrorTokenBlocked : ''}
        onChange={(isOn) => void send(window.splitreel.setSendTokenToMirror({ isOn }))}
      />
    </>
  );
}
