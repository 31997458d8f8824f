"""Erasing a person from the record and from Temporal's histories (design rule 10, process.md S21)."""
