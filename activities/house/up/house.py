"""``holdfast up``: the whole desk on one machine, opened and closed in order."""

import asyncio
from collections.abc import Callable
from functools import partial

from activities.house.commands.office import bring_up_to_date, with_advice
from activities.house.serving import adopt_policies
from activities.house.up.data_directory import held
from activities.house.up.first_run import Furnished, furnish
from activities.house.up.household import check_ports, children
from activities.house.up.supervisor import Supervisor
from activities.settings import Settings

Say = Callable[[str], None]


def open_house(settings: Settings, *, say: Say, show: Say) -> None:
    """Runs the desk until it is told to stop. ``say`` takes messages while it runs, ``show`` the text for the newcomer.

    Raises RefusedError when the directory or a port is taken, the desk's own policies cannot be read, or something does not start.
    """
    adopt_policies(settings)
    with held(settings):
        check_ports(settings)
        say(f"Opening the desk in {settings.data_dir} ...")
        bring_up_to_date(settings)
        furnished = with_advice(lambda: asyncio.run(furnish(settings)))
        if furnished.is_first_run:
            say("First run: the tables are made and a sample directory of invented people is loaded.")
        supervisor = Supervisor(children(settings), say)
        supervisor.run(on_ready=partial(show, welcome(settings, furnished)))
    say("The desk is closed. Nothing is lost; open it again with the same command.")


def welcome(settings: Settings, furnished: Furnished) -> str:
    """What to open and what to type next."""
    report = '{"title": "The printer on floor 2 is jammed", "category": "printing", "impact": 3, "urgency": 2}'
    return f"""
Holdfast is open at {settings.base_url}   (stop with Ctrl-C; nothing is lost)

  Portal and console        {settings.base_url}/sign-in   (sign in as carla, asha, ines or ada; passwords stand in the file below)
  The API, described        {settings.base_url}/docs
  Letters (Outbox)          {settings.base_url}/outbox   (signed in as asha or ines; else any name, and HOLDFAST_AGENT_KEY as password)
  Keys and passwords        {furnished.keys_file}   (Carla calls, Asha is an agent, Ines the incident manager, Ada the admin)
  Logs                      {settings.data_dir / "logs"}

Type this next, in another terminal, to report an incident as Carla:

  source {furnished.keys_file}
  curl -sS $HOLDFAST_URL/api/v1/incidents -H "Authorization: Bearer $HOLDFAST_CALLER_KEY" \\
       -H 'Content-Type: application/json' -H 'Idempotency-Key: my-first-incident' \\
       -d '{report}'
"""
