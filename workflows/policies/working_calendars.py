"""When the desk works (process.md S7). Holidays are data in here: a library that changes under a running workflow would break replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.calendars import ALWAYS, Calendar, workdays
from workflows.policies.dated import Dated


@dataclass(frozen=True)
class WorkingCalendars:
    """The calendars that other rules name."""

    by_name: Mapping[str, Calendar]

    def __getitem__(self, name: str) -> Calendar:
        """The calendar of that name; KeyError where a rule names one that does not exist (``agreement.check`` refuses such an edition)."""
        return self.by_name[name]


# Holidays written by: holdfast calendar holidays TR 2026 2027
OFFICE_2026 = Calendar(
    name="office",
    zone="Europe/Istanbul",
    week=workdays("09:00-12:00", "13:00-18:00"),
    working_day=timedelta(hours=8),
    holidays=frozenset(
        {
            date(2026, 1, 1),  # New Year's Day
            date(2026, 3, 20),  # Eid al-Fitr
            date(2026, 3, 21),  # Eid al-Fitr
            date(2026, 3, 22),  # Eid al-Fitr
            date(2026, 4, 23),  # National Sovereignty and Children's Day
            date(2026, 5, 1),  # Labour and Solidarity Day
            date(2026, 5, 19),  # Commemoration of Atatürk, Youth and Sports Day
            date(2026, 5, 27),  # Eid al-Adha
            date(2026, 5, 28),  # Eid al-Adha
            date(2026, 5, 29),  # Eid al-Adha
            date(2026, 5, 30),  # Eid al-Adha
            date(2026, 7, 15),  # Democracy and National Unity Day
            date(2026, 8, 30),  # Victory Day
            date(2026, 10, 29),  # Republic Day
            date(2027, 1, 1),  # New Year's Day
            date(2027, 3, 9),  # Eid al-Fitr
            date(2027, 3, 10),  # Eid al-Fitr
            date(2027, 3, 11),  # Eid al-Fitr
            date(2027, 4, 23),  # National Sovereignty and Children's Day
            date(2027, 5, 1),  # Labour and Solidarity Day
            date(2027, 5, 16),  # Eid al-Adha
            date(2027, 5, 17),  # Eid al-Adha
            date(2027, 5, 18),  # Eid al-Adha
            date(2027, 5, 19),  # Commemoration of Atatürk, Youth and Sports Day; Eid al-Adha
            date(2027, 7, 15),  # Democracy and National Unity Day
            date(2027, 8, 30),  # Victory Day
            date(2027, 10, 29),  # Republic Day
        }
    ),
)

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=WorkingCalendars({"office": OFFICE_2026, "always": ALWAYS}),
        reference="process.md S7",
    ),
)
