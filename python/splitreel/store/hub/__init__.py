"""Downloads and verifies models from Hugging Face, in a process of its own without torch."""
