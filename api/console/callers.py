"""For whom an agent reports: words lead to people of the directory, and one of them is chosen (process.md S1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.administration import is_key
from api.queries import Database
from api.queries.people import Found, ids_of, people_found

# More than that nobody looks through while somebody waits on the phone.
MOST = 8
_SHORTEST = 2


@dataclass(frozen=True)
class Sought:
    """Whom the words of a form lead to. ``id``: the one who is meant, none while that is not certain."""

    words: str
    found: Sequence[Found] = ()
    id: str = ""

    @property
    def wrong(self) -> str | None:
        """What is to be told to whoever typed the words; none where somebody is meant."""
        if self.id:
            return None
        if not self.words:
            return "Say who is affected."
        return "Choose who is meant." if self.found else "The directory knows nobody by these words."


async def sought(database: Database, typed: Mapping[str, str]) -> Sought:
    """Whom a form means: the one who was chosen among those found for these very words; else the one whose id, address or whole name they are."""
    words = " ".join(typed.get("who", "")[:200].split())
    if len(words) < _SHORTEST:
        return Sought(words)
    found = await people_found(database, words, MOST + 1)
    chosen = typed.get("affected", "")
    if typed.get("found_for") == words and chosen in {each.id for each in found[:MOST]}:
        return Sought(words, found, chosen)
    named = [each.id for each in found if each.name.lower() == words.lower()]
    exact = (await ids_of(database, [words])).get(words) if is_key(words) or "@" in words else None
    return Sought(words, found, exact or (named[0] if len(named) == 1 and len(found) <= MOST else ""))
