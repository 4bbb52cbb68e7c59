"""Entry point: `torchrun --nproc_per_node=N -m splitreel.parallel_inference FLAGS`."""

import os
import sys

from splitreel.commands.streams import protect_streams
from splitreel.commands.torchrun import main

if __name__ == "__main__":
    protect_streams()
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # No orderly shutdown: a thread that waits in torch's C++ code while Python ends would abort the process.
    os._exit(code)
