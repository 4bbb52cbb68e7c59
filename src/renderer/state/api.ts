/** The contract as the window uses it, from what the preload passes on as text. */
import { deliverInOrder } from '../../shared/sequentially';
import type { SliceChanged, SplitreelApi, SplitreelBridge } from '../../shared/ipc';
import { parseTexts } from '../../shared/texts';

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
    onSliceChanged: (listener) => {
      const receive = deliverInOrder((change) => listener(change as SliceChanged));
      return onSliceChanged((texts) => receive(parseTexts(texts, pause)));
    },
    pathOfDroppedFile,
  };
}
