"""The first run of ``holdfast up``: tables, a sample directory, a key that signs links, API keys and passwords for four people to try the desk with."""

import secrets
import shlex
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import set_password
from activities.access.keys import issue_key
from activities.database.session import open_database
from activities.database.tables import people
from activities.directory.file import load_directory
from activities.house.up.data_directory import make_link_key, write_private
from activities.settings import Settings

# Who gets a key and a password at the first run, and the name the shell knows the key by.
_CAST = {"carla": "HOLDFAST_CALLER_KEY", "asha": "HOLDFAST_AGENT_KEY", "ines": "HOLDFAST_MANAGER_KEY", "ada": "HOLDFAST_ADMIN_KEY"}


@dataclass(frozen=True)
class Furnished:
    """What the house holds when it opens."""

    keys_file: Path
    is_first_run: bool


def sample_directory() -> str:
    """The sample directory that ships with the desk, as TOML."""
    return files("activities.directory").joinpath("sample.toml").read_text(encoding="utf-8")


async def furnish(settings: Settings) -> Furnished:
    """Fills in what is missing and leaves alone what is there."""
    make_link_key(settings)
    keys_file = settings.data_dir / "keys.env"
    engine = open_database(settings.database_url)
    try:
        is_first_run = await _nobody_is_known(engine)
        if is_first_run:
            await load_directory(engine, sample_directory())
        if not keys_file.exists():
            write_private(keys_file, await _keys_for_the_shell(engine, settings))
        return Furnished(keys_file, is_first_run)
    finally:
        await engine.dispose()


async def _nobody_is_known(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(people))).scalar_one() == 0


async def _keys_for_the_shell(engine: AsyncEngine, settings: Settings) -> str:
    async with engine.connect() as connection:
        known = set((await connection.execute(select(people.c.id).where(people.c.id.in_(_CAST)))).scalars())
    lines = [f"export HOLDFAST_URL={shlex.quote(settings.base_url)}"]
    for person, name in _CAST.items():
        if person in known:
            issued = await issue_key(engine, person=person, label="made by holdfast up")
            password = secrets.token_urlsafe(12)
            await set_password(engine, person, password)
            lines += [f"export {name}={issued.secret}", f"# sign in as {person} with the password {password}"]
    return "\n".join(lines) + "\n"
