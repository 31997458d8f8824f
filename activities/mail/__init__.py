"""The mail room: the ledger of letters, their writing, their sending (process.md S14)."""
