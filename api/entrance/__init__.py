"""How people come in with a browser: the door, cookies, where a form came from (process.md S22)."""
