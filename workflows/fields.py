"""What a field of a message may hold: a line, a text, a key. Whatever is read is checked against these."""

from typing import Annotated

from pydantic import Field

# No control characters (PostgreSQL stores no NUL, mail headers no line breaks), and at least one that is not white space.
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$")]
Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=10_000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\x00-\x20\x7f\xa0][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]
Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@ -]*$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
