"""Starts ranks, watches them, and reports what they do. Doesn't import torch, so it starts at once."""
