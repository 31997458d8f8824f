"""Counts in English sentences."""


def counted(count: float, one: str, many: str | None = None) -> str:
    """So many of something: 1 person, 12 people. ``many`` where an s at the end does not make it."""
    return f"{count:.15g} {one if count == 1 else many or f'{one}s'}"


def listed(parts: list[str]) -> str:
    """Things in a sentence: one, two and three."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
