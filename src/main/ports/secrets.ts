/** The system's keychain, as services see it: text to bytes that only this user on this computer can read back. */
export interface Secrets {
  /** False: there is no keychain, and what `encrypt` would give could be read by anyone. */
  readonly isAvailable: () => Promise<boolean>;
  readonly encrypt: (text: string) => Promise<Uint8Array>;
  /** Throws where the bytes are of another computer or keychain. */
  readonly decrypt: (bytes: Uint8Array) => Promise<string>;
}
