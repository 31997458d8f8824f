"""The plan as one HTML page that needs nothing beside it: to be sent, kept and printed."""

from pathlib import Path

from markupsafe import Markup

from api.plan.comparing import MarkedPlan
from api.plan.diagram import drawn
from api.rendering import text

_STATIC = Path(__file__).parents[1] / "static"


def as_page(plan: MarkedPlan) -> str:
    """The whole page."""
    styles = "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in ("pages.css", "plan.css"))
    return text("plan/alone.html", plan=plan, diagram=drawn(plan.stages), styles=Markup(styles))  # noqa: S704 -- our own style sheets
