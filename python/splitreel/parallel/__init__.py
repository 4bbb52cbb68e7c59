"""How work is split over ranks. Knows tensors and process groups, and no model."""
