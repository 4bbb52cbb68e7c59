import process from 'node:process';
import { safeStorage } from './electron-api';
import type { Secrets } from '../../ports/secrets';

/** Without a keyring, Electron on Linux encrypts with a hard-coded password, which doesn't count as a keychain. */
const isHardCoded = (): boolean =>
  process.platform === 'linux' && ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend());

export const electronSecrets: Secrets = {
  // The fallback Electron of test machines is too old for these functions and never gets a token.
  isAvailable: async () =>
    'isAsyncEncryptionAvailable' in safeStorage && !isHardCoded() && (await safeStorage.isAsyncEncryptionAvailable()),
  encrypt: (text) => safeStorage.encryptStringAsync(text),
  decrypt: async (bytes) => (await safeStorage.decryptStringAsync(Buffer.from(bytes))).result,
};
