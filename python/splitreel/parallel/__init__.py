"""How work is cut over ranks. Knows tensors and process groups; knows nothing of any model."""
