/** Checks for a newer version at the start and once a day, if the user turned that on. Never downloads or installs one. */
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { isNewer, type Updates } from '../../shared/updates';
import type { Clock } from '../ports/clock';
import { toAppError } from '../ports/files';
import type { Web } from '../ports/web';
import { openJsonStore, type JsonStorePorts } from '../state/json-store';
import { readAnnouncement, type Announcement } from './announcement';
import type { PublicKey } from './minisign';

const DAY_MS = 86_400_000;

/** The highest serial seen so far, by feed. */
const knownSchema = z.object({ version: z.literal(1), serials: z.record(z.string(), z.number()) });

export interface UpdatesPorts extends JsonStorePorts {
  readonly clock: Clock;
  readonly web: Web;
}

export interface UpdatesOptions {
  readonly file: string;
  /** Null if the build has none. */
  readonly key: PublicKey | null;
  /** This app's own version. */
  readonly version: string;
  readonly settings: () => { readonly isUpdateCheckOn: boolean; readonly feed: string };
  readonly onChange: (updates: Updates) => void;
  readonly timeoutMs?: number;
}

export interface UpdatesService {
  /** Throws UPDATE_KEY_MISSING; every other failure is shown in the state. */
  readonly check: () => Promise<void>;
  /** Where to download the version that was found, or null. */
  readonly page: () => string | null;
  /** Applies the settings; checks immediately if checks were just turned on. */
  readonly configure: () => void;
  readonly stop: () => void;
  readonly problem: AppError | null;
}

export async function openUpdates(ports: UpdatesPorts, options: UpdatesOptions): Promise<UpdatesService> {
  const { clock, web } = ports;
  const { key, settings, version } = options;
  const known = await openJsonStore(ports, {
    file: options.file,
    schema: knownSchema,
    fallback: { version: 1 as const, serials: {} },
  });
  let found: Announcement | null = null;
  let checkedFeed: string | null = null;
  let stopTimer: (() => void) | null = null;
  const show = (check: Updates['check']): void =>
    options.onChange({ hasKey: key !== null, feed: settings().feed, check });

  /** Throws for an announcement that is older than one seen before. */
  const remember = async (feed: string, { serial }: Announcement): Promise<void> => {
    const newest = known.value().serials[feed] ?? 0;
    if (serial < newest) throw new SplitreelError(appError('UPDATE_FEED_OLD', { host: new URL(feed).host }));
    if (serial > newest) await known.save({ version: 1, serials: { ...known.value().serials, [feed]: serial } });
  };

  const check = async (): Promise<void> => {
    if (key === null) throw new SplitreelError(appError('UPDATE_KEY_MISSING'));
    const { feed } = settings();
    checkedFeed = feed;
    found = null;
    show({ status: 'checking' });
    try {
      const { timeoutMs } = options;
      const announced = await readAnnouncement(web, { feed, key, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      await remember(feed, announced);
      // Meanwhile, the user turned checks off or chose another feed.
      if (checkedFeed !== feed) return;
      const checkedAtMs = clock.wallMs();
      if (isNewer(announced.version, version)) {
        found = announced;
        show({ status: 'available', checkedAtMs, version: announced.version, notes: announced.notes });
      } else show({ status: 'newest', checkedAtMs });
    } catch (error) {
      if (checkedFeed === feed) show({ status: 'failed', error: toAppError(error) });
    }
  };

  const configure = (): void => {
    const { isUpdateCheckOn, feed } = settings();
    const isWanted = isUpdateCheckOn && key !== null;
    if (!isWanted) {
      stopTimer?.();
      stopTimer = null;
      checkedFeed = null;
      found = null;
      show({ status: 'idle' });
      return;
    }
    stopTimer ??= clock.every(DAY_MS, () => void check());
    if (checkedFeed !== feed) void check();
  };
  show({ status: 'idle' });
  return {
    check,
    page: () => found?.page ?? null,
    configure,
    stop: () => stopTimer?.(),
    problem: known.problem,
  };
}
