import { copy } from '../copy';
import { send, showToast } from './send';

export function saveDiagnostics(includePrompts: boolean): void {
  void send(window.splitreel.saveDiagnostics({ includePrompts })).then((path) => {
    if (path !== null) showToast(copy.errors.saved({ path }));
  });
}
