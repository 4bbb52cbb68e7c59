/** The dialog of the window that is open, whoever has opened it: a button, a key, the command palette. */
import { create } from 'zustand';

export type DialogName = 'history' | 'presets' | 'palette';

export const useDialogs = create<{ readonly open: DialogName | null }>(() => ({ open: null }));
export const openDialog = (open: DialogName): void => useDialogs.setState({ open });
export const closeDialog = (): void => useDialogs.setState({ open: null });
