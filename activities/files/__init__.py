"""Files of incidents: kept, checked, and gone when they should be (process.md S4)."""
