"""What the house tells an incident: the mail sender, process owners, and whoever deploys. No front door takes these in; see messages.py."""

from dataclasses import dataclass

from pydantic import AwareDatetime

from workflows.fields import Day, Text


@dataclass(frozen=True)
class ReportUndeliverable:
    """From the mail sender: a letter of this incident could not be delivered, or nobody can say whether it was (S11, S14).

    ``cause`` is the event it tells of, ``owed_at`` when that was; ``nobody_else``: no other letter that tells the same has reached anybody, or still
    may. Senders of older builds say none of these, and nothing goes on from their word: recorded histories stay what they are.
    """

    letter: str
    cycle: int
    recipient: str
    asks_for_confirmation: bool = False
    may_have_arrived: bool = False
    cause: int | None = None
    owed_at: AwareDatetime | None = None
    nobody_else: bool = False


@dataclass(frozen=True)
class AdoptEdition:
    """From a process owner: go on under a newer edition of the policies (S21, S22)."""

    edition: Day
    reason: Text


@dataclass(frozen=True)
class HandOver:
    """From whoever deploys: wake up, and go on under another build if there is one for you. It changes nothing and is not answered."""
