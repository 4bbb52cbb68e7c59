import type { SplitreelApi, SplitreelBridge } from '../shared/ipc';

declare global {
  interface Window {
    readonly splitreel: SplitreelApi;
    /** From the preload; a page of the tests has none and brings its own `splitreel`. */
    readonly splitreelBridge?: SplitreelBridge;
  }
}
