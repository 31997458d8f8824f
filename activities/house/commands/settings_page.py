"""The settings as a file to copy and as a page to read, both made from the class, so that they cannot go out of date."""

from pydantic_core import PydanticUndefined

from activities.settings import PREFIX, SECRETS_DIR, Settings

_FILE_HEAD = f"""\
# Settings of Holdfast with their defaults; made by: holdfast settings --example
# Every one can be left out. Secrets can also be files named like the setting in the directory {SECRETS_DIR} names.
# Temporal itself is configured by Temporal's own names: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS ...
"""
_FILE_END = """
# Only for docker-compose.yml, which starts these two itself:

# Password of the administrator of PostgreSQL, and of the role Temporal uses.
#POSTGRES_PASSWORD=
#TEMPORAL_DATABASE_PASSWORD=
"""
_PAGE_HEAD = f"""\
# Settings

Made by `holdfast settings --page`; a test keeps this page true.

Every setting is read from the environment once, when a process starts. A wrong one is refused with one sentence; `holdfast settings` shows what is in
force, with secrets masked, and `holdfast doctor` warns of names that look like settings and are none. A secret can also be a file named like the setting in
the directory `{SECRETS_DIR}` names. Temporal is configured by Temporal's own names: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
`TEMPORAL_API_KEY`, `TEMPORAL_TLS` and the others, or a profile in Temporal's TOML file; `holdfast up` ignores them, because it runs its own server.

| setting | default | meaning |
| --- | --- | --- |
"""


def example() -> str:
    """The text of .env.example."""
    parts = [f"# {field.description}\n#{PREFIX}{name.upper()}={_default(name)}\n" for name, field in Settings.model_fields.items()]
    return "\n".join([_FILE_HEAD, *parts]) + _FILE_END


def page() -> str:
    """The text of docs/settings.md."""
    lines = [
        f"| `{PREFIX}{name.upper()}` | {f'`{_default(name)}`' if _default(name) else ''} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return _PAGE_HEAD + "\n".join(lines) + "\n"


def in_force(settings: Settings) -> dict[str, str]:
    """What each setting is now; secrets masked, also the password inside the database's address."""
    shown = {PREFIX + name.upper(): str(value) for name, value in settings if value is not None and value != ()}
    address = settings.database_url
    credentials, at, place = address.rpartition("@")
    if at:
        scheme, _, user = credentials.partition("://")
        address = f"{scheme}://{user.partition(':')[0]}@{place}"
    keys = f"{len(settings.link_keys)} key(s)" if settings.link_keys else "none"
    sealing = f"{len(settings.payload_keys)} key(s)" if settings.payload_keys else "none"
    return shown | {f"{PREFIX}DATABASE_URL": address, f"{PREFIX}LINK_KEYS": keys, f"{PREFIX}PAYLOAD_KEYS": sealing}


def _default(name: str) -> str:
    value = Settings.model_fields[name].get_default(call_default_factory=False)
    return "" if value in {None, (), PydanticUndefined} else str(value)
