"""Starts ranks, watches them, and reports what they do. Imports no torch, so that it is ready at once."""
