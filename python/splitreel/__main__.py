"""`python -m splitreel COMMAND`."""

import sys

from splitreel.cli import main

sys.exit(main(sys.argv[1:]))
