/** Splits bytes into lines: chunks may split a character, and a line may never end. */
import { MAX_LINE_BYTES } from '../../shared/limits';

export interface LineSplitter {
  /** The lines completed by this chunk; null if a line is too long for a message. */
  readonly push: (chunk: Uint8Array) => readonly string[] | null;
}

const LINE_FEED = 0x0a;

export function createLineSplitter(maxLineBytes = MAX_LINE_BYTES): LineSplitter {
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  const decoder = new TextDecoder('utf-8', { fatal: false });

  const take = (last: Uint8Array): string => {
    const line = Buffer.concat([...parts, last]);
    parts = [];
    heldBytes = 0;
    return decoder.decode(line);
  };
  return {
    push: (chunk) => {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        if (heldBytes + end - start > maxLineBytes) return null;
        lines.push(take(chunk.subarray(start, end)));
        start = end + 1;
      }
      const rest = chunk.subarray(start);
      if (heldBytes + rest.byteLength > maxLineBytes) return null;
      if (rest.byteLength > 0) parts.push(rest);
      heldBytes += rest.byteLength;
      return lines;
    },
  };
}
