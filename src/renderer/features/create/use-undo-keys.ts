/** Ctrl+Z undoes what replaced the form; Ctrl+Shift+Z and Ctrl+Y redo it. */
import { useShortcut } from '../../ui/use-shortcut';
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
      if (key.toLowerCase() === 'z') return shiftKey ? redo : undo;
      return key.toLowerCase() === 'y' ? redo : null;
    },
  });
}
