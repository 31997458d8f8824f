"""The rules of the desk, one subject a file, each a list of dated editions. CHANGES.md tells process owners what changed when."""
