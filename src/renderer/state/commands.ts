/** What the command palette offers. Each owner registers its commands while it is in the window. */
import { useEffect } from 'react';
import { create } from 'zustand';

export interface Command {
  readonly id: string;
  readonly label: string;
  /** The keys that do the same. */
  readonly keys?: string;
  readonly run: () => void;
}

const useRegistry = create<Readonly<Record<string, readonly Command[]>>>(() => ({}));

export function useCommands(owner: string, commands: readonly Command[]): void {
  // After every render, because what a command does depends on what the owner holds.
  useEffect(() => {
    useRegistry.setState({ [owner]: commands });
  });
  useEffect(() => () => useRegistry.setState({ [owner]: [] }), [owner]);
}

export const useAllCommands = (): readonly Command[] => Object.values(useRegistry()).flat();
