"""The figures of the desk, from what was counted to what people read (process.md S23)."""
