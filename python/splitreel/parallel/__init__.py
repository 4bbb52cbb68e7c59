"""Splits work over ranks. Knows tensors and process groups, but no model."""
