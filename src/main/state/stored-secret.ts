/** One of the user's secrets: in memory, and on disk only if the system's keychain can encrypt it. */
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Secrets } from '../ports/secrets';

export interface StoredSecretPorts {
  readonly files: Files;
  readonly secrets: Secrets;
  readonly log: Log;
}

export interface StoredSecret {
  readonly get: () => string | null;
  /** True if it will survive a restart. */
  readonly isKept: () => boolean;
  readonly set: (secret: string) => Promise<void>;
  readonly clear: () => Promise<void>;
}

/** `name`: for the log, such as "Hugging Face token". */
export async function openStoredSecret(
  { files, secrets, log }: StoredSecretPorts,
  { file, name }: { readonly file: string; readonly name: string },
): Promise<StoredSecret> {
  let secret: string | null = null;
  let isKept = false;
  if ((await files.stat(file)) !== null && (await secrets.isAvailable())) {
    try {
      secret = await secrets.decrypt(await files.readBytes(file));
      isKept = true;
    } catch {
      log.warn(`the ${name} could not be read back from the keychain`);
    }
  }
  return {
    get: () => secret,
    isKept: () => isKept,
    set: async (given) => {
      secret = given;
      isKept = await secrets.isAvailable();
      if (isKept) await files.writeAtomically(file, await secrets.encrypt(given));
    },
    clear: async () => {
      secret = null;
      isKept = false;
      await files.remove(file);
    },
  };
}
