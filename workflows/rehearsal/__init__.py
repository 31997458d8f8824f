"""Rehearsals: the real incident workflow, in process, on a virtual clock. For replays, policy studies and tests; production never imports this."""
