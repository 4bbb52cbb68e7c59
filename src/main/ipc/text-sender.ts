/**
 * Sends long values to the page one text at a time, with pauses. Electron copies a message in one go, and one with 10,000
 * videos blocks main and the page for 80 ms each.
 */
import { setImmediate } from 'node:timers/promises';
import { TEXT_CHANNEL } from '../../shared/channels';
import { sequentially } from '../../shared/sequentially';
import type { Texts } from '../../shared/texts';

/** The parts of a page that are used; `send` is Electron's. */
export interface Receiver {
  readonly isDestroyed: () => boolean;
  readonly send: (channel: string, ...message: readonly unknown[]) => void;
}

/** `stream`: the call that the texts answer, or CHANGE_STREAM. The preload joins them by it. */
export async function sendTexts(receiver: Receiver, stream: string, texts: Texts): Promise<void> {
  for (const [index, text] of texts.entries()) {
    if (index > 0) await setImmediate();
    if (receiver.isDestroyed()) return;
    receiver.send(TEXT_CHANNEL, stream, index, text, index === texts.length - 1);
  }
}

/** Sends one value after the other to the page that is there at the time. */
export function createTextSender(
  receiver: () => Receiver | null,
  stream: string,
): (texts: Texts | Promise<Texts>) => Promise<void> {
  const run = sequentially();
  return (texts) =>
    run(async () => {
      const ready = await texts;
      const found = receiver();
      if (found !== null) await sendTexts(found, stream, ready);
    });
}
