/** The command palette's commands. Components register theirs while they are mounted. */
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
  // After every render, because commands depend on the component's state.
  useEffect(() => {
    useRegistry.setState({ [owner]: commands });
  });
  useEffect(() => () => useRegistry.setState({ [owner]: [] }), [owner]);
}

export const useAllCommands = (): readonly Command[] => Object.values(useRegistry()).flat();
