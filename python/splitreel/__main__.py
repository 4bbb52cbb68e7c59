"""`python -m splitreel COMMAND`."""

import sys

from splitreel.commands.cli import main
from splitreel.commands.streams import protect_streams

protect_streams()
sys.exit(main(sys.argv[1:]))
