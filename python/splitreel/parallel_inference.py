"""Entry point: `torchrun --nproc_per_node=N -m splitreel.parallel_inference FLAGS`."""

import sys

from splitreel.commands.streams import protect_streams
from splitreel.commands.torchrun import main

if __name__ == "__main__":
    protect_streams()
    sys.exit(main(sys.argv[1:]))
