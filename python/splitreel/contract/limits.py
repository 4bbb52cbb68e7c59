"""Numbers that both languages hold to.

Generated from src/shared by `npx tsx scripts/contract.ts`: do not edit.
"""

from typing import Final

EVENT_FD: Final = 3
HEARTBEAT_INTERVAL_MS: Final = 1_000
MAX_CPU_RANKS: Final = 8
MAX_DEGREE: Final = 64
MAX_GUIDANCE: Final = 30
MAX_LINE_BYTES: Final = 1_048_576
MAX_LORAS: Final = 8
MAX_LORA_STRENGTH: Final = 4
MAX_PATCHES: Final = 64
MAX_SEED: Final = 9_007_199_254_740_991
MAX_SIDE: Final = 5_440
MAX_STEPS: Final = 500
MAX_VIDEOS: Final = 64
PROTOCOL_VERSION: Final = 1
