import { copy } from '../copy/en';
import { send, tell } from './send';

export function saveDiagnostics(includePrompts: boolean): void {
  void send(window.splitreel.saveDiagnostics({ includePrompts })).then((path) => {
    if (path !== null) tell(copy.errors.saved(path));
  });
}
