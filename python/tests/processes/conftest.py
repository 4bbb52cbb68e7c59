"""Puts this folder on the path, so that tests and the processes that they start know the same fake engine."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
