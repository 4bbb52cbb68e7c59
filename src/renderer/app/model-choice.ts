import { create } from 'zustand';

/** The model that was picked on the Models page; the Create feature takes it from here. */
export const useModelChoice = create<{ readonly wantedId: string | null }>(() => ({ wantedId: null }));
