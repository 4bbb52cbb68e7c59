import { expect, test } from 'vitest';
import { contextMenu } from './context-menu';

const flags = { canUndo: false, canRedo: false, canCut: false, canCopy: true, canPaste: true, canSelectAll: true };

test('a text field offers editing, with unavailable actions disabled', () => {
  const menu = contextMenu({ isEditable: true, selectionText: '', editFlags: flags });
  expect(menu).toContainEqual({ role: 'paste', label: 'Paste', enabled: true });
  expect(menu).toContainEqual({ role: 'cut', label: 'Cut', enabled: false });
});

test('selected text can be copied; the rest of the window has no menu', () => {
  expect(contextMenu({ isEditable: false, selectionText: 'text', editFlags: flags })).toEqual([
    { role: 'copy', label: 'Copy', enabled: true },
  ]);
  expect(contextMenu({ isEditable: false, selectionText: ' ', editFlags: flags })).toEqual([]);
});
