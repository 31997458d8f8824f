"""The desk on a real server."""

from tests.desk import desk, time_server

__all__ = ["desk", "time_server"]
