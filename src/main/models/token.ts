/** The user's Hugging Face token. */
import { appError, SplitreelError } from '../../shared/errors';
import { openStoredSecret, type StoredSecret, type StoredSecretPorts } from '../state/stored-secret';

/** `set` throws HUB_TOKEN_REFUSED for an invalid token. */
export type Token = StoredSecret;

/** Tokens of the hub are letters, digits and underscores; anything else could inject an HTTP header. */
const TOKEN = /^[A-Za-z0-9_.-]{8,200}$/;

export async function openToken(ports: StoredSecretPorts, file: string): Promise<Token> {
  const token = await openStoredSecret(ports, { file, name: 'token of the hub' });
  return {
    ...token,
    set: async (given) => {
      const trimmed = given.trim();
      if (!TOKEN.test(trimmed)) throw new SplitreelError(appError('HUB_TOKEN_REFUSED'));
      await token.set(trimmed);
    },
  };
}
