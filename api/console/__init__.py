"""What pages of the console share (process.md S22)."""
