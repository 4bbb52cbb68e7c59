/** resources/environment.json: settings for making the environment, kept next to the lock. */
import { z } from 'zod';
import { pick, type Environ } from '../engine/worker-environment';

export const installSettingsSchema = z.object({
  /** The oldest NVIDIA driver that the locked torch works with (CUDA 13). */
  minimumDriver: z.string(),
  /** The Python that uv downloads if it can: one pinned build per version of uv. */
  pythonVersion: z.string(),
  /** Versions of the system's own Python that the lock covers, the preferred one first. */
  systemPythonVersions: z.array(z.string()).min(1),
  uv: z.object({ version: z.string(), wheelSha256: z.record(z.string(), z.string()) }),
  /** What the `cpu` variant leaves out: torch works on a CPU without these packages. */
  gpuOnlyPackages: z.array(z.string()),
  /** The oldest compute capability that requirements-flash-attention.lock is installed for. */
  flashAttentionCapability: z.string(),
  /** Beside the unpacked wheels: the interpreter's folder, compiled bytecode, the test video. */
  overheadBytes: z.number(),
});
export type InstallSettings = z.infer<typeof installSettingsSchema>;

/** `3.11 to 3.14` */
export const pythonRange = ({ systemPythonVersions: versions }: InstallSettings): string =>
  versions.length === 1 ? (versions[0] ?? '') : `${versions[0] ?? ''} to ${versions.at(-1) ?? ''}`;

export interface InstallFolders {
  readonly uvCache: string;
  readonly managedPythons: string;
}

export function installEnvironment(env: Environ, folders: InstallFolders): Record<string, string> {
  const passed = pick(env, 'base', 'network', 'packageIndex');
  return {
    // Trusts the system's certificates, such as a company's own certificate authority.
    UV_SYSTEM_CERTS: '1',
    ...passed,
    UV_CACHE_DIR: folders.uvCache,
    UV_PYTHON_INSTALL_DIR: folders.managedPythons,
    UV_NO_CONFIG: '1',
    UV_NO_PROGRESS: '1',
    // For large wheels on slow connections.
    UV_HTTP_TIMEOUT: '300',
    NO_COLOR: '1',
    PYTHONNOUSERSITE: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
  };
}
