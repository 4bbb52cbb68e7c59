"""`python -m splitreel COMMAND`."""

import sys

from splitreel.commands.cli import main

sys.exit(main(sys.argv[1:]))
