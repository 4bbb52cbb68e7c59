import type { SplitreelApi } from '../shared/ipc';

declare global {
  interface Window {
    readonly splitreel: SplitreelApi;
  }
}
