"""What stands behind the links in letters (process.md S11, S13, S15)."""
