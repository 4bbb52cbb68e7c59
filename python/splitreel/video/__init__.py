"""Video files: written, described and read back. Knows nothing of models or ranks."""
