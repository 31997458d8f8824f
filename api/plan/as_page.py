"""The plan as one HTML page that needs nothing beside it: to be sent, kept and printed."""

from markupsafe import Markup

from api.assets import FOLDER
from api.plan.comparing import MarkedPlan
from api.plan.diagram import drawn
from api.rendering import text


def as_page(plan: MarkedPlan) -> str:
    """The whole page."""
    styles = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in ("vendor/bootstrap.min.css", "pages.css", "plan.css"))
    return text("plan/alone.html", plan=plan, diagram=drawn(plan.stages), styles=Markup(styles))  # noqa: S704 -- our own style sheets
