"""Temporal that does not answer, as a sentence for the person at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from activities.house.refusals import UnavailableError


@contextmanager
def temporal_advice() -> Iterator[None]:
    """Turns the client's errors into one that says what to do. Raises UnavailableError."""
    try:
        yield
    except (RuntimeError, RPCError, OSError) as error:
        raise UnavailableError(
            f"Temporal does not answer: {str(error).splitlines()[0]}; check TEMPORAL_ADDRESS and that it runs."
        ) from None
