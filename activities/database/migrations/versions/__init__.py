"""Migrations of the record, oldest first; applied by ``holdfast migrate``."""
