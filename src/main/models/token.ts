/** The user's Hugging Face token: in memory, and on disk only encrypted by the system's keychain. */
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Secrets } from '../ports/secrets';

export interface Token {
  readonly get: () => string | null;
  /** True if it will survive a restart. */
  readonly isKept: () => boolean;
  /** Throws HUB_TOKEN_REFUSED for an invalid token. */
  readonly set: (token: string) => Promise<void>;
  readonly clear: () => Promise<void>;
}

/** Tokens of the hub are letters, digits and underscores; anything else could inject an HTTP header. */
const TOKEN = /^[A-Za-z0-9_.-]{8,200}$/;

export async function openToken(
  { files, secrets, log }: { readonly files: Files; readonly secrets: Secrets; readonly log: Log },
  file: string,
): Promise<Token> {
  let token: string | null = null;
  let isKept = false;
  if ((await files.stat(file)) !== null && (await secrets.isAvailable())) {
    try {
      token = await secrets.decrypt(await files.readBytes(file));
      isKept = true;
    } catch {
      log.warn('the token of the hub could not be read back from the keychain');
    }
  }
  return {
    get: () => token,
    isKept: () => isKept,
    set: async (given) => {
      const trimmed = given.trim();
      if (!TOKEN.test(trimmed)) throw new SplitreelError(appError('HUB_TOKEN_REFUSED'));
      token = trimmed;
      isKept = await secrets.isAvailable();
      if (isKept) await files.writeAtomically(file, await secrets.encrypt(trimmed));
    },
    clear: async () => {
      token = null;
      isKept = false;
      await files.remove(file);
    },
  };
}
