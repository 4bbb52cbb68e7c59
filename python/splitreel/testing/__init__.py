"""Small models of the true architectures, for tests and for trying the app without weights."""
