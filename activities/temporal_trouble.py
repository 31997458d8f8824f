"""What is wrong when Temporal does not do what was asked, and what to do about it: in the words of its client, without the debug dump around them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from temporalio.service import RPCError, RPCStatusCode

# The client tells a failed connection as text alone: a status with a message, or, last, the words of the operating system in quotes.
_STATUS = re.compile(r'Status \{ code: (\w+), message: "([^"]*)"')
_QUOTED = re.compile(r'"([^"]+)"')
_INSIDE_A_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MEND: Mapping[RPCStatusCode | None, str] = {
    RPCStatusCode.UNAUTHENTICATED: "check TEMPORAL_API_KEY, or the client certificate of TEMPORAL_TLS",
    RPCStatusCode.PERMISSION_DENIED: "check that the key or certificate may use the namespace of TEMPORAL_NAMESPACE",
    RPCStatusCode.NOT_FOUND: "check TEMPORAL_NAMESPACE, or make it: temporal operator namespace create -n NAMESPACE --retention 30d",
}
# Whoever says anything else has answered. INTERNAL is what a client that does not speak TLS hears.
_SILENT = (None, RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.INTERNAL, RPCStatusCode.CANCELLED)
_FIND_IT = "check TEMPORAL_ADDRESS and TEMPORAL_TLS, and that it runs"
_READ_IT = "what it says is its own word; its log says more"


@dataclass(frozen=True)
class Trouble:
    """The client's words, and the status where there was one."""

    words: str
    status: RPCStatusCode | None = None

    @property
    def advice(self) -> str:
        """What to do."""
        return _MEND.get(self.status, _FIND_IT if self.status in _SILENT else _READ_IT)

    @property
    def told(self) -> str:
        """What is wrong, without advice."""
        status = f"{self.status.name}: " if self.status else ""
        return f"Temporal {'does not answer' if self.status in _SILENT else 'refuses'} ({status}{self.words.rstrip('.')})"


def trouble_of(error: Exception) -> Trouble:
    """What the client's error means."""
    if isinstance(error, RPCError):
        return Trouble(_first_line(error.message), error.status)
    if found := _STATUS.search(str(error)):
        name = _INSIDE_A_WORD.sub("_", found[1]).upper()
        return Trouble(found[2], RPCStatusCode.__members__.get(name))
    first = _first_line(str(error))
    return Trouble((_QUOTED.findall(first) or [first])[-1])


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
