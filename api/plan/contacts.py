"""The chapter on contacts, from the directory."""

from api.plan.contents import Section, table
from api.plan.wording import NONE, words
from api.queries.contacts import Directory


def contacts(found: Directory) -> Section:
    """Groups, those who answer for more than a group, rotas."""
    teams = (
        (each.mailbox.name, str(each.level), each.lead or NONE, each.mailbox.email or NONE, ", ".join(each.members) or NONE)
        for each in found.teams
    )
    roles = ((words(role), ", ".join(str(each) for each in named) or NONE) for role, named in found.by_role.items())
    turns = ((rota, ", ".join(named) or "unreadable; see holdfast doctor") for rota, named in found.rotas.items())
    return Section(
        "contacts",
        "Contacts",
        "As the directory has them now, whatever the edition. Who is on call at this moment: holdfast oncall.",
        (
            table("Support groups", ("Group", "Level", "Lead", "Mailbox", "Members"), teams),
            table("Beyond the groups", ("Role", "People"), roles),
            table("On-call rotas", ("Rota", "People"), turns),
        ),
    )
