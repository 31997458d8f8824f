"""``holdfast doctor``: what is looked at, and what is said about it."""
