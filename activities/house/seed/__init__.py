"""``holdfast seed``: a record full of incidents, for tests and benchmarks."""
