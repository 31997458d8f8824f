"""The outside world: everything that can fail."""
