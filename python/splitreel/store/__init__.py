"""The models on this disk: found, checked, fetched and verified. No torch."""
