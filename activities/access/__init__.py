"""How people and programs get in, and what is written down about it: passwords, sessions, keys, the audit (process.md S22)."""
