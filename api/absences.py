"""A form that says when somebody is away (process.md S5)."""

from datetime import UTC, datetime

from api.administration import Sheet, instant_in


def read_absence(sheet: Sheet, zone: str) -> tuple[datetime | None, datetime | None] | dict[str, str]:
    """From (none: from now on) and until; neither where the form says that somebody is there. Or what is wrong, by field. Times are of that zone."""
    if sheet["there"] == "yes":
        return None, None
    wrong: dict[str, str] = {}
    found: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            found[name] = instant_in(sheet[name], zone)
        except ValueError:
            wrong[name] = "This is not a date and time."
    if wrong:
        return wrong
    since, until = found["since"], found["until"]
    if until is None:
        return {"until": "Say until when. If it is not known, give a day on which you will look again."}
    if until <= datetime.now(UTC):
        return {
            "until": "This time is over already. Choose an end in the future; an absence that has begun is ended with a button of its own."
        }
    if since is not None and since >= until:
        return {"until": "The end must be after the start."}
    return since and since.astimezone(UTC), until.astimezone(UTC)
