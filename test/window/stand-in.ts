/** window.splitreel without a main process: it answers from given slices and remembers what was asked. */
import type { CallName, SliceChanged, Slices, SplitreelApi } from '../../src/shared/ipc';
import { calls } from '../../src/shared/ipc';
import { ok } from '../../src/shared/result';

export interface StandIn {
  readonly api: SplitreelApi;
  readonly asked: { readonly name: CallName; readonly input: unknown }[];
  /** Pushes a slice, at the next revision or at a given one. */
  readonly push: <K extends keyof Slices>(slice: K, value: Slices[K], revision?: number) => void;
}

const ANSWERS: Readonly<Partial<Record<CallName, unknown>>> = {
  enqueueJob: { jobId: 'job-new' },
  addModelFolder: null,
  chooseImage: null,
  chooseVideosFolder: null,
  saveVideoAs: '/home/ada/Desktop/ball.mp4',
  saveDiagnostics: '/home/ada/splitreel-diagnostics.zip',
  readVideoSettings: null,
  readLogTail: '12:00:01 info supervisor started, pid 4242\n12:00:03 info 4 ranks are ready',
};

export function standIn(initial: Slices): StandIn {
  let state = { revision: 1, slices: initial };
  const listeners = new Set<(change: SliceChanged) => void>();
  const asked: StandIn['asked'] = [];

  const push: StandIn['push'] = (slice, value, revision = state.revision + 1) => {
    state = { revision, slices: { ...state.slices, [slice]: value } };
    // The table of slices makes every pair of name and value a change; the union cannot be built from a generic one.
    const change = { revision, slice, value } as unknown as SliceChanged;
    listeners.forEach((listener) => listener(change));
  };

  const answer = (name: CallName, input: unknown): unknown => {
    if (name === 'getSnapshot') return state;
    if (name === 'updateSettings') {
      const patch = calls.updateSettings.input.parse(input);
      // As IPC does it: what is undefined does not arrive.
      const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
      push('settings', { ...state.slices.settings, ...given });
      return undefined;
    }
    if (name === 'countTokens') {
      const { text } = calls.countTokens.input.parse(input);
      return { tokens: text.split(/\s+/).filter(Boolean).length + 1, max: 226 };
    }
    return ANSWERS[name];
  };

  const functions = Object.keys(calls).map((key) => {
    const name = key as CallName;
    return [
      name,
      (input: unknown) => {
        asked.push({ name, input });
        return Promise.resolve(ok(answer(name, input)));
      },
    ];
  });
  const api = {
    ...Object.fromEntries(functions),
    onSliceChanged: (listener: (change: SliceChanged) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    pathOfDroppedFile: (file: { name: string }) => `/home/ada/${file.name}`,
  } as SplitreelApi;
  return { api, asked, push };
}
