"""What stands as the solution where a question to the caller had no answer (process.md S11): one sentence in the record, the reader's own on pages and in letters."""

_BEGINNING = "We asked and had no answer: "


def solution_without_answer(question: str | None) -> str:
    """As it stands in the record."""
    return f"{_BEGINNING}{question}"


def unanswered_question(solution: str | None) -> str | None:
    """The question, where a solution is such a sentence; none for any other. Who writes that very sentence is read in other languages as well."""
    said = solution or ""
    return said.removeprefix(_BEGINNING) if said.startswith(_BEGINNING) else None
