"""Files at the front doors: taken in, named, handed out (process.md S1, S4)."""
