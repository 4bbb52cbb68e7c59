import { useAllCommands } from '../state/commands';
import { closeDialog, openDialog, useDialogs } from '../state/dialogs';
import { copy } from '../copy';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { PickList } from '../ui/PickList';
import { useShortcut } from '../ui/use-shortcut';

const strings = copy.commands;

/** Ctrl+K: every command by name, with its keyboard shortcut. */
export function Palette() {
  const { open } = useDialogs();
  useShortcut({
    inControls: true,
    match: ({ key, ctrlKey, metaKey, altKey, shiftKey }) =>
      key.toLowerCase() === 'k' && (ctrlKey || metaKey) && !altKey && !shiftKey ? () => openDialog('palette') : null,
  });
  return open === 'palette' ? <PaletteDialog /> : null;
}

function PaletteDialog() {
  const items = useAllCommands().map(({ id, label, keys, run }) => ({
    id,
    text: label,
    ...(keys === undefined ? {} : { keys }),
    run,
  }));
  return (
    <Dialog
      width="list"
      title={strings.title}
      onClose={closeDialog}
      actions={<Button onClick={closeDialog}>{copy.app.close}</Button>}
    >
      <PickList
        label={strings.search}
        items={items}
        empty={strings.nothingFound}
        onPick={({ run }) => {
          // First, because a command may open another dialog.
          closeDialog();
          run();
        }}
      />
    </Dialog>
  );
}
