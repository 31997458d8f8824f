"""The record: tables, sessions, migrations."""
