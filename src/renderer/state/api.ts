/** The contract as the window uses it, from what the preload passes on as text. */
import type { SliceChanged, SplitreelApi, SplitreelBridge } from '../../shared/ipc';
import { isOneText, parseText, parseTexts, type Texts } from '../../shared/texts';

/** Lets the page draw and take input. A timer would wait at least 4 ms each time. */
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

export function openApi({ onSliceChanged, pathOfDroppedFile, ...calls }: SplitreelBridge): SplitreelApi {
  const functions = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      async (input?: unknown) => parseTexts(await call(input), pause),
    ]),
  ) as Omit<SplitreelApi, 'onSliceChanged' | 'pathOfDroppedFile'>;
  return {
    ...functions,
    onSliceChanged: (listener) => onSliceChanged(inOrder((change) => listener(change as SliceChanged))),
    pathOfDroppedFile,
  };
}

/** A change in pieces takes several tasks; those after it wait. */
function inOrder(deliver: (value: unknown) => void): (texts: Texts) => void {
  let waiting = 0;
  let last = Promise.resolve();
  return (texts) => {
    if (waiting === 0 && isOneText(texts)) {
      deliver(parseText(texts));
      return;
    }
    waiting += 1;
    last = last.then(async () => {
      const value = await parseTexts(texts, pause);
      waiting -= 1;
      deliver(value);
    });
  };
}
