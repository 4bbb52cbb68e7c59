/** The open dialog, however it was opened: by a button, a key or the command palette. */
import { create } from 'zustand';

export type DialogName = 'history' | 'presets' | 'palette';

export const useDialogs = create<{ readonly open: DialogName | null }>(() => ({ open: null }));
export const openDialog = (open: DialogName): void => useDialogs.setState({ open });
export const closeDialog = (): void => useDialogs.setState({ open: null });
