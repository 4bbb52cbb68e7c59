"""Environment variables that both languages use.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from typing import Final

DATA_FOLDER: Final = "SPLITREEL_DATA"
P2P_DISABLE: Final = "NCCL_P2P_DISABLE"
PROCESS_SETTINGS: Final = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    "PYTHONNOUSERSITE": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
SHOW_DETAILS: Final = "SPLITREEL_DETAILS"
