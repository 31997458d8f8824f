"""The people of the desk and around it: who there is, who is meant right now, and how that is changed (process.md S5, S10, S22)."""
