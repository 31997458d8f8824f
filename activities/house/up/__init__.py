"""``holdfast up``: the whole desk on one machine, and what keeps it alive."""
