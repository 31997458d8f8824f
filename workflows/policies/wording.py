"""What a policy says when a word in it means nothing to the desk: in plain words, with the word that may have been meant."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def must_be_known(words: Iterable[object], known: Collection[str], what: str, where: str) -> None:
    """Raises ValueError for the first word that is not among the known ones."""
    for word in words:
        if word not in known:
            close = get_close_matches(str(word), sorted(map(str, known)), n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(map(str, known)))}."
            raise ValueError(f"{where}: there is no {what} {str(word)!r}; {hint}")


def must_be_a_list(value: object, where: str) -> None:
    """Raises ValueError for a single thing in brackets, which Python reads as the thing and not as a list of one."""
    if isinstance(value, str):
        raise ValueError(f"{where}: ({str(value)!r}) is one word, not a list; a list of one is written ({str(value)!r},) with a comma.")  # noqa: TRY004 -- all that a rule says wrong is a ValueError
    if not isinstance(value, Collection):
        raise ValueError(f"{where}: it is no list; a list of one is written (...,) with a comma.")  # noqa: TRY004 -- as above


def must_go_forward(days: Collection[float], end: float | None, what: str) -> None:
    """Raises ValueError unless the days are more than nothing, one after the other, and all before the end."""
    if not isinstance(days, Collection):
        raise ValueError(f"{what}: ({days}) is one number, not a list; a list of one is written ({days},) with a comma.")  # noqa: TRY004 -- as above
    in_order = [*days, *([] if end is None else [end])]
    if any(day <= 0 for day in in_order) or in_order != sorted(set(in_order)):
        told = ", ".join(f"{day:g}" for day in days) or "none"
        if end is None:
            raise ValueError(f"{what}: reminders after {told} days must come one after the other, each after more than 0 days.")
        raise ValueError(f"{what}: reminders after {told} days and the end after {end:g} must come one after the other, the end last.")
