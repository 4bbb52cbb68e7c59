"""The supervisor and its ranks."""
