/** An event whose emitter doesn't know its subscribers; they run in the order in which they subscribed. */
export interface Signal<T> {
  readonly emit: (value: T) => void;
  /** Returns a function that unsubscribes. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
}

export function createSignal<T>(): Signal<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    emit: (value) => {
      for (const listener of [...listeners]) listener(value);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
