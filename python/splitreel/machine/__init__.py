"""What this computer has: GPUs, memory and load, read without torch."""
