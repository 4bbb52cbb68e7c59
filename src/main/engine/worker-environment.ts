/** The environment variables of the worker: this list and no others, so that nothing of the user's shell leaks in. */
const PASSED = [
  'HOME',
  'USER',
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  // Switches that links need: the same list as python/splitreel/worker/supervisor/process_environment.py hands on to ranks.
  'NCCL_P2P_DISABLE',
  'NCCL_P2P_LEVEL',
  'NCCL_SHM_DISABLE',
  'NCCL_IB_DISABLE',
  'NCCL_NVLS_ENABLE',
  'NCCL_CUMEM_ENABLE',
  'NCCL_DEBUG',
  'TORCH_SYMM_MEM_DISABLE_MULTICAST',
  'NVSHMEM_DISABLE_NVLS',
  'SYSTEMROOT',
  'TEMP',
] as const;

const SET = {
  /** The numbers of nvidia-smi and CUDA are then the same. */
  CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
  PYTHONNOUSERSITE: '1',
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
} as const;

export type Environ = Readonly<Record<string, string | undefined>>;

export function pick(env: Environ, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** What the doctor proposed and the person took. */
export const linkSwitches = ({ isP2pOff }: { readonly isP2pOff: boolean }): Record<string, string> =>
  isP2pOff ? { NCCL_P2P_DISABLE: '1' } : {};

export const workerEnvironment = (env: Environ): Record<string, string> => ({ ...pick(env, PASSED), ...SET });
