"""Starts ranks, watches them, and tells what they do. Imports no torch: it is up before torch would be."""
