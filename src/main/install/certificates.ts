/** Where Linux distributions keep the certificates that the system trusts, as one file. */
import type { Files } from '../ports/files';

const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

export async function existingBundle(files: Pick<Files, 'stat'>): Promise<string | null> {
  for (const bundle of BUNDLES) if ((await files.stat(bundle).catch(() => null))?.kind === 'file') return bundle;
  return null;
}
