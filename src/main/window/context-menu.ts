/** The window's context menu: editing in text fields, copying where text is selected. */
import { mainCopy } from '../copy';

export type EditRole = 'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'selectAll';

export interface ContextParams {
  readonly isEditable: boolean;
  readonly selectionText: string;
  readonly editFlags: {
    readonly canUndo: boolean;
    readonly canRedo: boolean;
    readonly canCut: boolean;
    readonly canCopy: boolean;
    readonly canPaste: boolean;
    readonly canSelectAll: boolean;
  };
}

export type MenuItem =
  { readonly role: EditRole; readonly label: string; readonly enabled: boolean } | { readonly type: 'separator' };

/** Needs its own label: Electron labels its roles only in English. */
const item = (role: EditRole, enabled: boolean): MenuItem => ({ role, label: mainCopy().edit[role], enabled });

/** Empty if there is nothing to offer. */
export function contextMenu({ isEditable, selectionText, editFlags }: ContextParams): readonly MenuItem[] {
  if (!isEditable) return selectionText.trim() === '' ? [] : [item('copy', editFlags.canCopy)];
  return [
    item('undo', editFlags.canUndo),
    item('redo', editFlags.canRedo),
    { type: 'separator' },
    item('cut', editFlags.canCut),
    item('copy', editFlags.canCopy),
    item('paste', editFlags.canPaste),
    { type: 'separator' },
    item('selectAll', editFlags.canSelectAll),
  ];
}
