"""Kernels of our own: what a transformer block and the VAE compute beside matrix products and attention."""
