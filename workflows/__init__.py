"""The process: deterministic, without input or output. Process owners work here."""
