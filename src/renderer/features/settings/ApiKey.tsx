import { useState } from 'react';
import { apiKeySchema } from '../../../shared/rewriting';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/fields';
import page from '../../ui/page.module.css';

const strings = copy.rewritingSettings;

export function ApiKey() {
  const [isAsking, setIsAsking] = useState(false);
  const { hasKey, isKeyKept } = useSlice('rewriting');
  const kept = isKeyKept ? strings.keyKept : strings.keyOnce;
  return (
    <div>
      <div className={page.sectionHead}>
        <span>{strings.key}</span>
        <span className={page.space} />
        {hasKey ? (
          <Button onClick={() => void send(window.splitreel.setRewriterKey({ key: null }))}>{strings.removeKey}</Button>
        ) : (
          <Button onClick={() => setIsAsking(true)}>{strings.addKey}</Button>
        )}
      </div>
      <p className={page.quiet}>{hasKey ? kept : strings.noKey}</p>
      {isAsking && <KeyDialog onClose={() => setIsAsking(false)} />}
    </div>
  );
}

/** The key is held by this dialog while it is typed and by nothing else of the window. */
function KeyDialog({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const key = typed.trim();
  const isKey = apiKeySchema.safeParse(key).success;
  const save = (): void => {
    void send(window.splitreel.setRewriterKey({ key }));
    onClose();
  };
  return (
    <Dialog
      title={strings.key}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{copy.app.cancel}</Button>
          <Button look="primary" disabled={!isKey} onClick={save}>
            {strings.save}
          </Button>
        </>
      }
    >
      <TextField
        label={strings.key}
        hint={strings.keyHint}
        problem={key !== '' && !isKey ? strings.keyProblem : ''}
        value={typed}
        isSecret
        onChange={setTyped}
      />
    </Dialog>
  );
}
