"""What Temporal stores, encrypted when a key is configured (design rule 10, decision 0009)."""
