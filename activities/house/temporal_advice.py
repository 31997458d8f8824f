"""Temporal that does not answer or refuses, as a sentence for the person at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from activities.house.refusals import UnavailableError
from activities.temporal_trouble import trouble_of


@contextmanager
def temporal_advice() -> Iterator[None]:
    """Turns the client's errors into one that says what to do. Raises UnavailableError."""
    try:
        yield
    except (RuntimeError, RPCError, OSError) as error:
        trouble = trouble_of(error)
        raise UnavailableError(f"{trouble.told}; {trouble.advice}.") from None
