/**
 * Signatures in minisign's format (https://jedisct1.github.io/minisign/), checked with Node's ed25519. BLAKE2b, for the
 * prehashed form that is minisign's default, comes from a library: Electron's BoringSSL doesn't have it.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** Of a key, and of a signature over the content itself, as `minisign -S -l` makes it. */
const ALGORITHM = 'Ed';
const PREHASHED = 'ED';
const HASH_BYTES = 64;
const KEY_ID_BYTES = 8;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** The fixed start of an ed25519 key in DER (RFC 8410); the 32 bytes of the key follow. */
const DER_START = Buffer.from('302a300506032b6570032100', 'hex');
const TRUSTED = 'trusted comment: ';

export interface PublicKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Null if the text isn't a public key. */
export function parsePublicKey(text: string): PublicKey | null {
  const bytes = decode(text.trim().split(/\r?\n/)[1]);
  if (bytes?.length !== ALGORITHM.length + KEY_ID_BYTES + KEY_BYTES) return null;
  const { algorithm, id, rest } = split(bytes);
  if (algorithm !== ALGORITHM) return null;
  return { id, key: createPublicKey({ key: Buffer.concat([DER_START, rest]), format: 'der', type: 'spki' }) };
}

/** True if `signature` signs `content` and its own trusted comment with the matching private key. */
export function isSigned(content: Uint8Array, signature: string, { id, key }: PublicKey): boolean {
  const [, signatureLine, commentLine = '', globalLine] = signature.trim().split(/\r?\n/);
  const bytes = decode(signatureLine);
  const global = decode(globalLine);
  if (bytes?.length !== ALGORITHM.length + KEY_ID_BYTES + SIGNATURE_BYTES || global?.length !== SIGNATURE_BYTES)
    return false;
  const { algorithm, id: signer, rest } = split(bytes);
  if (![ALGORITHM, PREHASHED].includes(algorithm) || signer !== id || !commentLine.startsWith(TRUSTED)) return false;
  const comment = Buffer.from(commentLine.slice(TRUSTED.length));
  const signed = algorithm === PREHASHED ? blake2b(content, { dkLen: HASH_BYTES }) : content;
  return verify(null, signed, key, rest) && verify(null, Buffer.concat([rest, comment]), key, global);
}

function split(bytes: Buffer): { readonly algorithm: string; readonly id: string; readonly rest: Buffer } {
  const start = ALGORITHM.length;
  return {
    algorithm: bytes.subarray(0, start).toString('latin1'),
    id: bytes.subarray(start, start + KEY_ID_BYTES).toString('hex'),
    rest: bytes.subarray(start + KEY_ID_BYTES),
  };
}

const decode = (line: string | undefined): Buffer | null =>
  line === undefined || !/^[A-Za-z0-9+/]+=*$/.test(line) ? null : Buffer.from(line, 'base64');
