/** resources/environment.json: what the environment is made with, as data beside the lock. */
import { z } from 'zod';
import { pick, type Environ } from '../engine/worker-environment';

export const installSettingsSchema = z.object({
  /** The oldest NVIDIA driver that the locked torch works with (CUDA 13). */
  minimumDriver: z.string(),
  pythonVersion: z.string(),
  uv: z.object({ version: z.string(), wheelSha256: z.record(z.string(), z.string()) }),
  /** What the `cpu` variant leaves out: torch imports and computes on a processor without them. */
  gpuOnlyPackages: z.array(z.string()),
  /** Beside the unpacked wheels: the interpreter's folder, compiled bytecode, the test video. */
  overheadBytes: z.number(),
});
export type InstallSettings = z.infer<typeof installSettingsSchema>;

/** What an install may see of the user's shell: where the package index is and how it is reached. */
const PASSED = [
  'HOME',
  'USER',
  'PATH',
  'LANG',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'XDG_CONFIG_HOME',
  'NETRC',
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
  'PIP_CERT',
  'PIP_CONFIG_FILE',
  'PIP_FIND_LINKS',
  'PIP_TRUSTED_HOST',
  'REQUESTS_CA_BUNDLE',
  'UV_DEFAULT_INDEX',
  'UV_INDEX',
  'UV_INDEX_URL',
  'UV_EXTRA_INDEX_URL',
  'UV_FIND_LINKS',
  'UV_HTTP_RETRIES',
  'UV_INSECURE_HOST',
  'UV_SYSTEM_CERTS',
  'UV_NATIVE_TLS',
  'SYSTEMROOT',
  'TEMP',
] as const;

export interface InstallFolders {
  readonly uvCache: string;
  readonly managedPythons: string;
}

export function installEnvironment(env: Environ, folders: InstallFolders): Record<string, string> {
  const passed = pick(env, PASSED);
  return {
    // Whom the system trusts is trusted, a company's own authority for example.
    UV_SYSTEM_CERTS: '1',
    ...passed,
    UV_CACHE_DIR: folders.uvCache,
    UV_PYTHON_INSTALL_DIR: folders.managedPythons,
    UV_NO_CONFIG: '1',
    UV_NO_PROGRESS: '1',
    // Big wheels on slow lines.
    UV_HTTP_TIMEOUT: '300',
    NO_COLOR: '1',
    PYTHONNOUSERSITE: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
  };
}
