"""Priority from impact and urgency (process.md S3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_known
from workflows.vocabulary import Impact, Priority, Urgency

P1, P2, P3, P4, P5 = Priority


@dataclass(frozen=True)
class PriorityMatrix:
    """``cells`` by impact, then urgency 1 to 3. ``unassessed`` holds until somebody knows both; it fills in neither of them."""

    cells: Mapping[int, tuple[Priority, Priority, Priority]]
    unassessed: Priority

    def __post_init__(self) -> None:
        for impact in Impact:
            row = self.cells.get(impact, ())
            if len(row) != len(Urgency):
                said = f"impact {impact.value} ({impact.name.lower()})"
                raise ValueError(f"the priority matrix has a hole: {said} needs a priority for urgency 1, 2 and 3, and has {len(row)}.")
        must_be_known(self.cells, tuple(Impact), "impact", "priority matrix")
        must_be_known(
            (*(cell for row in self.cells.values() for cell in row), self.unassessed), tuple(Priority), "priority", "priority matrix"
        )

    def priority(self, impact: Impact | None, urgency: Urgency | None) -> Priority:
        """The priority that the matrix gives."""
        if impact is None or urgency is None:
            return self.unassessed
        return self.cells[impact][urgency - 1]


def proposes_major_incident(impact: Impact | None, urgency: Urgency | None) -> bool:
    """Widespread and urgent: somebody must look whether it is a major incident (S3, S16)."""
    return impact is Impact.WIDESPREAD and urgency is Urgency.HIGH


EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=PriorityMatrix(
            #        urgency: high medium low
            cells={
                1: (P1, P2, P3),  # impact: widespread
                2: (P2, P3, P4),  # impact: significant
                3: (P3, P4, P5),  # impact: limited
            },
            unassessed=P4,
        ),
        reference="process.md S3",
    ),
)
