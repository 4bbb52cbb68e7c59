/**
 * Saves the form's draft with the main process soon after each change: the window and the app can end at any moment.
 * Typing saves after a short pause, or after `LATEST_MS` at the latest. Leaving the window or a field and starting a
 * job save immediately.
 */
import { useDraft, type Draft } from './draft';
import { send } from './send';

const PAUSE_MS = 100;
const LATEST_MS = 300;

interface Unsaved {
  readonly draft: Draft;
  readonly sinceMs: number;
  readonly timer: number;
}

let unsaved: Unsaved | null = null;

export function saveDraftNow(): void {
  if (unsaved === null) return;
  const { draft, timer } = unsaved;
  window.clearTimeout(timer);
  unsaved = null;
  void save(draft);
}

/** True while the draft can't be saved. */
let isReported = false;

/** On a full disk, only the first failure is shown, not one for every word. The main process tries again. */
async function save(draft: Draft): Promise<void> {
  const saving = window.splitreel.updateSettings({ draft });
  if (!isReported) void send(saving);
  isReported = await saving.then(
    ({ ok }) => !ok,
    () => true,
  );
}

function saveSoon(draft: Draft): void {
  const sinceMs = unsaved?.sinceMs ?? performance.now();
  if (unsaved !== null) window.clearTimeout(unsaved.timer);
  const leftMs = Math.max(sinceMs + LATEST_MS - performance.now(), 0);
  unsaved = { draft, sinceMs, timer: window.setTimeout(saveDraftNow, Math.min(PAUSE_MS, leftMs)) };
}

/** Returns a function that stops saving. */
export function keepDraft(): () => void {
  isReported = false;
  const stop = useDraft.subscribe(({ draft }) => {
    if (draft !== null) saveSoon(draft);
  });
  // `focusout` also comes when the window loses the focus.
  const events = [
    [document, 'focusout'],
    [document, 'visibilitychange'],
    [window, 'pagehide'],
  ] as const;
  for (const [target, name] of events) target.addEventListener(name, saveDraftNow);
  return () => {
    stop();
    for (const [target, name] of events) target.removeEventListener(name, saveDraftNow);
    saveDraftNow();
  };
}
