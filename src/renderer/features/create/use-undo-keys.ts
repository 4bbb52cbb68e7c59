/** Ctrl+Z undoes a discard while its message is shown, or what replaced the form; Ctrl+Shift+Z and Ctrl+Y redo the form. */
import { useShortcut } from '../../ui/use-shortcut';
import { discardToUndo } from '../../state/discard';
import { isAsPlaced, redo, undo } from '../../state/undo';

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== 'checkbox');

export function useUndoKeys(): void {
  useShortcut({
    inControls: true,
    match: ({ key, ctrlKey, metaKey, altKey, shiftKey, target }) => {
      if (!(ctrlKey || metaKey) || altKey) return null;
      // The field itself undoes typing.
      if (isTextField(target) && !isAsPlaced()) return null;
      const undoLast = isTextField(target) ? undo : (discardToUndo() ?? undo);
      if (key.toLowerCase() === 'z') return shiftKey ? redo : undoLast;
      return key.toLowerCase() === 'y' ? redo : null;
    },
  });
}
