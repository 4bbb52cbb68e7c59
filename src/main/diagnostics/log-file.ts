/** The log: a file that is rotated at a size; previous files are kept. Written in order, never awaited. */
import path from 'node:path';
import { sequentially } from '../../shared/sequentially';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';

const MAX_BYTES = 2_000_000;
const KEPT_FILES = 5;
const MAX_LINE_CHARACTERS = 8_000;
/** Lines are collected for this long and written at once, so a burst of lines costs one write. */
const FLUSH_MS = 200;
const MAX_PENDING_CHARACTERS = 1_000_000;

export interface LogFile extends Log {
  readonly tail: () => Promise<string>;
  readonly flush: () => Promise<void>;
}

const TAIL_BYTES = 64_000;

export function openLogFile(ports: { readonly files: Files; readonly clock: Clock }, folder: string): LogFile {
  const { files, clock } = ports;
  const file = path.join(folder, 'splitreel.log');
  let pending = '';
  let isScheduled = false;
  const write = sequentially();

  const rotate = async (): Promise<void> => {
    const info = await files.stat(file);
    if (info === null || info.sizeBytes < MAX_BYTES) return;
    for (let index = KEPT_FILES - 1; index >= 1; index -= 1) {
      const older = path.join(folder, `splitreel.${String(index)}.log`);
      if ((await files.stat(older)) !== null)
        await files.rename(older, path.join(folder, `splitreel.${String(index + 1)}.log`));
    }
    await files.rename(file, path.join(folder, 'splitreel.1.log'));
  };
  const flush = (): Promise<void> => {
    isScheduled = false;
    const written = write(async () => {
      if (pending === '') return;
      const text = pending;
      pending = '';
      await rotate();
      await files.append(file, text);
    });
    // A log that can't be written must not end the app; the next lines try again.
    return written.catch(() => undefined);
  };
  const add = (level: string, message: string): void => {
    if (pending.length > MAX_PENDING_CHARACTERS) return;
    const time = new Date(clock.wallMs()).toISOString();
    pending += `${time} ${level} ${message.slice(0, MAX_LINE_CHARACTERS)}\n`;
    if (isScheduled) return;
    isScheduled = true;
    clock.after(FLUSH_MS, () => void flush());
  };
  return {
    info: (message) => add('info', message),
    warn: (message) => add('warning', message),
    error: (message, cause) => {
      const reason = cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : '';
      add('error', reason === '' ? message : `${message}: ${reason}`);
    },
    flush,
    tail: async () => {
      await flush();
      const info = await files.stat(file);
      if (info === null) return '';
      const start = Math.max(0, info.sizeBytes - TAIL_BYTES);
      return Buffer.from(await files.readRange(file, start, TAIL_BYTES)).toString('utf8');
    },
  };
}
