"""Downloads and verifies models from Hugging Face, in a separate process without torch."""
