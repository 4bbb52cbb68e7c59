import { useState } from 'react';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/fields';

const strings = copy.modelSettings;

/** Only this dialog holds the token, while it is being typed. */
export function SignInDialog({
  onSignedIn,
  onClose,
}: {
  readonly onSignedIn?: () => void;
  readonly onClose: () => void;
}) {
  const [token, setToken] = useState('');
  const save = async (): Promise<void> => {
    const result = await window.splitreel.signIn({ token });
    onClose();
    if (result.ok) onSignedIn?.();
    else await send(Promise.resolve(result));
  };
  return (
    <Dialog
      title={strings.account}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{copy.app.cancel}</Button>
          <Button look="primary" disabled={token.trim() === ''} onClick={() => void save()}>
            {strings.signIn}
          </Button>
        </>
      }
    >
      <TextField label={strings.token} hint={strings.tokenHint} value={token} isSecret onChange={setToken} />
    </Dialog>
  );
}
