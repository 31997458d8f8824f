"""Temporal that does not answer, as a sentence for the person at the terminal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from activities.house.refusals import UnavailableError

# The client's own words stand in quotes inside a debug dump of its parts; the last ones are those of the operating system.
_QUOTED = re.compile(r'"([^"]+)"')


@contextmanager
def temporal_advice() -> Iterator[None]:
    """Turns the client's errors into one that says what to do. Raises UnavailableError."""
    try:
        yield
    except (RuntimeError, RPCError, OSError) as error:
        first = str(error).splitlines()[0]
        told = (_QUOTED.findall(first) or [first])[-1]
        raise UnavailableError(f"Temporal does not answer ({told}); check TEMPORAL_ADDRESS and that it runs.") from None
