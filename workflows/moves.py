"""Who moved an incident last: nobody shall act on what they have not seen (process.md S4)."""

from dataclasses import dataclass

from workflows.messages import Actor


@dataclass(frozen=True)
class Moves:
    """The version of the last move and who made it, and the version of the last one by anybody else. What the desk merely notices is no move."""

    version: int = 0
    by: str = ""
    others_version: int = 0

    def with_one(self, actor: Actor, version: int) -> "Moves":
        """After a move of this actor."""
        return Moves(version, _name(actor), self._by_others_than(actor))

    def are_news_to(self, actor: Actor, seen: int) -> bool:
        """Whether somebody else has moved it since the version that this actor has seen; one's own moves are no news."""
        return self._by_others_than(actor) > seen

    def _by_others_than(self, actor: Actor) -> int:
        return self.others_version if _name(actor) == self.by else self.version


def _name(actor: Actor) -> str:
    return f"{actor.kind}/{actor.id}"
