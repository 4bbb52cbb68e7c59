/** Environment variables that both languages use; python/splitreel/contract/variables.py is generated from this file. */

/** The folder of all of Splitreel's data. */
export const DATA_FOLDER = 'SPLITREEL_DATA';
/** If set, commands show all details of an error. */
export const SHOW_DETAILS = 'SPLITREEL_DETAILS';
/** NCCL's switch for links between GPUs that deliver wrong numbers. */
export const P2P_DISABLE = 'NCCL_P2P_DISABLE';

/** Set for every process of the engine. */
export const PROCESS_SETTINGS = {
  /** nvidia-smi and CUDA then number the GPUs in the same order. */
  CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
  PYTHONNOUSERSITE: '1',
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
} as const;
