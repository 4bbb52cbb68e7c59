"""A job on one rank: load, generate, unload. `api.py` is the interface to the rank loop."""
