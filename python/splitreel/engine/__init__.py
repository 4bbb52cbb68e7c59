"""Numerics of a job on one rank: load, generate, unload. See `api.py` for the border with the rank loop."""
