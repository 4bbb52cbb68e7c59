/** The signed document that a feed serves: which version is the newest, and where to get it. */
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import { versionSchema } from '../../shared/updates';
import { WebError, type Web } from '../ports/web';
import { isSigned, type PublicKey } from './minisign';

const MAX_BYTES = 65_536;
const TIMEOUT_MS = 15_000;
const SIGNATURE_ENDING = '.minisig';

const announcementSchema = z.object({
  version: versionSchema,
  /** Rises with every announcement, so a lower number means that an old one is being replayed. */
  serial: z.number().int().nonnegative(),
  notes: z.string().max(20_000),
  /** Where to download it. */
  page: z.url({ protocol: /^https$/ }).max(2_000),
});
export type Announcement = z.infer<typeof announcementSchema>;

export interface FeedOptions {
  readonly feed: string;
  readonly key: PublicKey;
  readonly timeoutMs?: number;
}

/** Throws a SplitreelError. A document without a valid signature isn't even parsed. */
export async function readAnnouncement(
  web: Web,
  { feed, key, timeoutMs = TIMEOUT_MS }: FeedOptions,
): Promise<Announcement> {
  const { host } = new URL(feed);
  const get = (address: string): Promise<Uint8Array> => web.get(address, { maxBytes: MAX_BYTES, timeoutMs });
  let content: Uint8Array;
  let signature: Uint8Array;
  try {
    [content, signature] = await Promise.all([get(feed), get(`${feed}${SIGNATURE_ENDING}`)]);
  } catch (error) {
    if (!(error instanceof WebError)) throw error;
    const details = { details: error.message };
    if (error.kind === 'unreachable') throw new SplitreelError(appError('UPDATE_FEED_UNREACHABLE', { host }, details));
    throw new SplitreelError(appError('UPDATE_FEED_INVALID', { host }, details));
  }
  if (!isSigned(content, Buffer.from(signature).toString('utf8'), key))
    throw new SplitreelError(appError('UPDATE_NOT_SIGNED', { host }));
  try {
    return announcementSchema.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error);
    throw new SplitreelError(appError('UPDATE_FEED_INVALID', { host }, { details }));
  }
}
