"""A job on one rank: load, generate, unload. `api.py` is the border with the rank loop."""
