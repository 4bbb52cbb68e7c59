"""Splitreel's Python side: plans, processes, engine and commands."""

__version__ = "0.1.0"
