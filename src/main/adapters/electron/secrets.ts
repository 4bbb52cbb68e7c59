import { safeStorage } from 'electron';
import type { Secrets } from '../../ports/secrets';

/** Without a keyring Electron on Linux encrypts with a password that is in its source: that is no keychain. */
const isHardCoded = (): boolean =>
  process.platform === 'linux' &&
  // Electron before 25 cannot say; there encryption is unavailable without a keyring.
  'getSelectedStorageBackend' in safeStorage &&
  ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend());

export const electronSecrets: Secrets = {
  isAvailable: () => safeStorage.isEncryptionAvailable() && !isHardCoded(),
  encrypt: (text) => safeStorage.encryptString(text),
  decrypt: (bytes) => safeStorage.decryptString(Buffer.from(bytes)),
};
