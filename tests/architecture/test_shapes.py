"""What histories hold is only ever added to (process.md S21; design rule 9)."""

from tests.architecture.shapes import ADVICE, broken, locked, shapes


def test_what_histories_hold_is_still_understood() -> None:
    """No field, word, message or activity is taken away, renamed or retyped, no default changed, and new fields have one."""
    wrong = broken()
    assert not wrong, f"{wrong}. {ADVICE}"


def test_what_is_new_is_written_down() -> None:
    """From the first release that has it, histories hold it."""
    new = shapes().keys() - locked().keys()
    assert not new, f"{sorted(new)} are not written down. If they are as they shall be, run: python -m tests.architecture.shapes"
