/** The system's keychain: encrypts text so that only this user on this computer can decrypt it. */
export interface Secrets {
  /** False: there is no keychain, and anyone could read what `encrypt` would return. */
  readonly isAvailable: () => Promise<boolean>;
  readonly encrypt: (text: string) => Promise<Uint8Array>;
  /** Throws if the bytes come from another computer or keychain. */
  readonly decrypt: (bytes: Uint8Array) => Promise<string>;
}
