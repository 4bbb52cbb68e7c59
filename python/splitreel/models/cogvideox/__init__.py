"""CogVideoX (2B, 5B and 1.5; from text or from an image): everything that knows its layers, VAE and schedulers."""
