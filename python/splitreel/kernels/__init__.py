"""Our own kernels: what a transformer block and the VAE compute besides matrix products and attention."""
