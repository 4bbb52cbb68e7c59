"""Splits work over ranks. Works on tensors and process groups, and is independent of any model."""
