"""The environment, read once into one frozen object (the only reader of the environment).

Every name has the prefix HOLDFAST_; a secret can also come from a file named like the setting in HOLDFAST_SECRETS_DIR. Temporal itself is
configured by Temporal's own names (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS ...).
"""

import os
import re
import shlex
from collections.abc import Iterable
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from activities.payloads.keys import problem_of

PREFIX = "HOLDFAST_"
SECRETS_DIR = PREFIX + "SECRETS_DIR"
# Names a desk's people use in their shells, no settings: what curl needs, written by holdfast up into keys.env.
_OF_THE_CLIENT = frozenset({SECRETS_DIR, PREFIX + "URL", PREFIX + "KEY"})
_OF_A_SCANNER = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})
_LINK_KEY_FILE = "link.key"
_KEY_LENGTH = 32
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_KEY_VARIETY = 10
# A token of 24 characters and a plus follow, and 64 is all that relays take before the @.
_MAILBOX = re.compile(r"[A-Za-z0-9._-]{1,39}@[A-Za-z0-9.-]{1,253}")


class SettingsError(Exception):
    """One or more settings are wrong; each line is a sentence that names the setting and says what to do."""


class Settings(BaseSettings):
    """All settings with their defaults; ``holdfast settings`` shows what is in force, secrets masked."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True)

    data_dir: Path = Field(Path(".holdfast"), description="Where holdfast up keeps its databases, keys and logs.")
    database_password: SecretStr | None = Field(None, description="Password for the database, where its address has none.")
    database_url: str = Field(
        default_factory=lambda known: f"sqlite:///{known['data_dir'] / 'holdfast.db'}",
        repr=False,
        description="sqlite:///FILE or postgresql://USER@HOST/NAME; default: holdfast.db in the data directory.",
    )
    listen_host: str = Field("127.0.0.1", description="Address the API listens on.")
    listen_port: int = Field(8080, ge=1, le=65535, description="Port the API listens on.")
    base_url: str = Field(
        default_factory=lambda known: f"http://127.0.0.1:{known['listen_port']}",
        description="Where people reach the desk; links in letters begin with it; default: http://127.0.0.1 with the port above.",
    )
    trusted_proxies: str | None = Field(
        None, description="Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas; none: no proxy is believed."
    )
    temporal_port: int = Field(7233, ge=1, le=65535, description="Port of the embedded Temporal server of holdfast up.")
    history_days: int = Field(30, ge=1, le=3650, description="Days the embedded Temporal server keeps the history of a closed incident.")
    task_queue: str = Field("holdfast", min_length=1, max_length=200, description="Temporal task queue of the desk.")
    deployment: str = Field(
        "holdfast",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$",
        description="Name under which Temporal knows the builds of this desk's workers.",
    )
    build_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Name of this build: incidents stay with the build they began under until they hand over; none: one build at a time; holdfast up ignores it.",
    )
    policies: Path | None = Field(None, description="A Python file with a BOOK of policies, to exchange the desk's rules as a whole.")
    link_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Keys that sign links in letters, newest first, separated by commas; at least 32 characters each."
    )
    link_days: int = Field(30, ge=1, le=365, description="How many days a link in a letter works.")
    payload_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys that encrypt what Temporal stores, separated by commas, made by holdfast payloads key: the first encrypts, all decrypt; none: not encrypted.",
    )
    mail_from: str = Field("Service desk <desk@localhost.invalid>", description="Sender of letters.")
    mail_bounces: str | None = Field(
        None,
        description="Mailbox for what cannot be delivered; each letter then has an envelope sender of its own, BOX+TOKEN@HOST; none: the sender of letters.",
    )
    mail_domain: str = Field("holdfast.invalid", min_length=1, description="Domain in Message-IDs.")
    smtp_host: str | None = Field(None, description="Mail relay; none: letters are kept in the ledger and shown on the Outbox page.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail relay.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection to the relay is protected.")
    smtp_user: str | None = Field(None, description="User name at the relay.")
    smtp_password: SecretStr | None = Field(None, description="Password at the relay.")
    oidc_issuer: str | None = Field(
        None,
        description="Identity provider (OpenID Connect) through which people sign in, as its own documents spell it; none: no such button.",
    )
    oidc_client_id: str | None = Field(None, description="Client id of the desk at the identity provider.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Client secret of the desk there; none: a public client, held by PKCE alone."
    )
    oidc_claim: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_.:/-]{1,200}$",
        description="Claim that holds the id of the person in the directory; none: the e-mail address, where the provider has verified it.",
    )
    oidc_label: str = Field(
        "your organisation", min_length=1, max_length=60, description="Whose account it is, on the button: Sign in with ..."
    )
    oidc_only: Literal["no", "passwords", "everything"] = Field(
        "no",
        description="What the identity provider replaces: no: nothing; passwords: people can still ask for a link; everything: links by mail, too.",
    )
    upload_mb: int = Field(
        25, ge=1, le=1000, description="Largest upload, in MB, all files of one form together; what one file may have, the policies say."
    )
    file_scanner: str | None = Field(
        None,
        description="Virus scanner for files: clamd://HOST:PORT, clamd:///PATH/OF/SOCKET, or a command that reads standard input; none: files are not scanned.",
    )
    outcome_wait_seconds: float = Field(2.0, ge=0, le=30, description="How long the API waits for the outcome of a command, in seconds.")
    commands_in_flight: int = Field(16, ge=1, le=1000, description="Commands the API has in flight at once; more wait their turn.")
    workflow_tasks: int = Field(8, ge=2, le=200, description="Workflow tasks a worker runs at once.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_means_absent(cls, value: Any, info: ValidationInfo) -> Any:
        """An empty line in an .env file is a setting left out, as compose files pass them on."""
        if value != "" or not info.field_name:
            return value
        try:
            return cls.model_fields[info.field_name].get_default(call_default_factory=True, validated_data=info.data)
        except KeyError as missing:
            raise ValueError(f"has no default while {PREFIX}{str(missing.args[0]).upper()} is wrong") from None

    @field_validator("data_dir", "policies")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else value

    @field_validator("database_url")
    @classmethod
    def _with_password(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        password: SecretStr | None = info.data.get("database_password")
        parts = urlsplit(value)
        if not password or parts.password or parts.scheme != "postgresql":
            return value
        user, _, place = parts.netloc.rpartition("@")
        if not user:
            raise ValueError("must name the user the password belongs to, as in postgresql://USER@HOST/NAME")
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{place}"))

    @field_validator("base_url")
    @classmethod
    def _a_place_on_the_web(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an address such as https://desk.example.org")
        return value.rstrip("/")

    @field_validator("link_keys", "payload_keys", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("payload_keys")
    @classmethod
    def _keys_that_encrypt(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if problem := problem_of([key.get_secret_value() for key in value]):
            raise ValueError(problem)
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or any(ord(character) < 32 for character in value):  # noqa: PLR2004 -- control characters
            raise ValueError("must be a mail address such as Service desk <desk@example.org>")
        return value

    @field_validator("file_scanner")
    @classmethod
    def _a_scanner(cls, value: str | None) -> str | None:
        if value is not None and not _names_a_scanner(value):
            raise ValueError("must be clamd://HOST:PORT, clamd:///PATH/OF/SOCKET, or a command")
        return value

    @field_validator("mail_bounces")
    @classmethod
    def _a_mailbox(cls, value: str | None) -> str | None:
        if value is not None and not _MAILBOX.fullmatch(value):
            raise ValueError("must be a bare mail address of at most 39 characters before the @, such as bounces@desk.example.org")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _a_provider(cls, value: str | None) -> str | None:
        if value is not None and ("?" in value or not is_safe_to_ask(value)):
            raise ValueError("must be an https address, as https://login.example.org; http only on this machine")
        return value

    @model_validator(mode="after")
    def _complete_provider(self) -> Self:
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("HOLDFAST_OIDC_ISSUER and HOLDFAST_OIDC_CLIENT_ID belong together; set both or neither.")
        if self.oidc_only != "no" and not self.oidc_issuer:
            raise ValueError("HOLDFAST_OIDC_ONLY leaves no way in without HOLDFAST_OIDC_ISSUER; set that one, too.")
        return self

    @model_validator(mode="after")
    def _complete_relay(self) -> Self:
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("HOLDFAST_SMTP_USER and HOLDFAST_SMTP_PASSWORD belong together; set both or neither.")
        return self


def is_this_machine(host: str | None) -> bool:
    """Whether that host is where this runs."""
    return host in _THIS_MACHINE


def is_on_this_machine(url: str) -> bool:
    """Whether an address leads nowhere else."""
    return is_this_machine(urlsplit(url).hostname)


def is_safe_to_ask(url: str) -> bool:
    """Whether an address of an identity provider can be asked: nobody on the way reads or changes https, and this machine has no way."""
    try:
        parts = urlsplit(url)
        is_plain = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        return False
    return is_plain and (parts.scheme == "https" or (parts.scheme == "http" and is_on_this_machine(url)))


def read_settings(*, signs_links: bool = False) -> Settings:
    """What the environment and the secrets directory say.

    ``signs_links``: for processes that write or read links in letters; without a key of the environment they take the one that
    ``holdfast up`` made for this data directory. Raises SettingsError, one sentence for each wrong setting.
    """
    secrets = os.environ.get(SECRETS_DIR) or None
    if secrets and not Path(secrets).is_dir():
        raise SettingsError(f"{SECRETS_DIR} is {secrets}, which is no directory; name one with a file for each secret, or leave it out.")
    options: dict[str, Any] = {"_secrets_dir": secrets}
    try:
        settings = Settings(**options)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error))) from None
    if any(_is_easy_to_guess(key.get_secret_value()) for key in settings.link_keys):
        raise SettingsError(
            f"HOLDFAST_LINK_KEYS needs random keys of at least {_KEY_LENGTH} characters each; make one with: openssl rand -hex 32"
        )
    return _with_link_keys(settings) if signs_links and not settings.link_keys else settings


def link_key_file(settings: Settings) -> Path:
    """Where ``holdfast up`` keeps the key that signs its links."""
    return settings.data_dir / _LINK_KEY_FILE


def unknown_names(names: Iterable[str] | None = None) -> dict[str, str | None]:
    """Names in the environment that look like settings and are none, each with the setting probably meant."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    seen = (name.upper() for name in (os.environ if names is None else names))
    strangers = [
        name for name in seen if name.startswith(PREFIX) and name not in known | _OF_THE_CLIENT and not _is_a_key_of_somebody(name, known)
    ]
    return {name: next(iter(get_close_matches(name, known, n=1)), None) for name in sorted(strangers)}


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment for the processes of ``holdfast up``: as here, but with the embedded Temporal server and nothing else of Temporal."""
    # One build at a time, so that whatever is installed next goes on with every incident.
    mine = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_") and name != PREFIX + "BUILD_ID"}
    return mine | {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{settings.temporal_port}",
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        PREFIX + "DATA_DIR": str(settings.data_dir),
    }


def server_environment(settings: Settings) -> dict[str, str]:
    """The environment for the embedded Temporal server and its own commands, which need nothing of the desk's: no keys, no passwords."""
    return {name: value for name, value in child_environment(settings).items() if not name.startswith(PREFIX)}


def scanner_environment() -> dict[str, str]:
    """The environment for a virus scanner, which needs none of the desk's secrets."""
    return {name: value for name, value in os.environ.items() if name in _OF_A_SCANNER}


def names_a_temporal_server() -> bool:
    """Whether the environment says where Temporal is; else it is the embedded one."""
    return any(os.environ.get(name) for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"))


def _is_a_key_of_somebody(name: str, known: set[str]) -> bool:
    """Shells hold API keys under names of people; one letter less than a setting is a setting misspelt."""
    return name.endswith("_KEY") and f"{name}S" not in known


def _names_a_scanner(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_place = bool(parts.hostname or parts.path.strip("/")) and parts.port != 0
        return has_place if value.startswith("clamd://") else "://" not in value and any(shlex.split(value))
    except ValueError:
        return False


def _is_easy_to_guess(key: str) -> bool:
    """Too short, too even, or copied from somewhere: whoever guesses the key can answer for any caller (S15)."""
    return len(key) < _KEY_LENGTH or len(set(key)) < _KEY_VARIETY or any(word in key.lower() for word in ("change", "example", "secret"))


def _with_link_keys(settings: Settings) -> Settings:
    try:
        made = link_key_file(settings).read_text(encoding="utf-8").strip()
    except OSError:
        made = ""
    if not made:
        raise SettingsError(
            "HOLDFAST_LINK_KEYS is missing; make a key with: openssl rand -hex 32, or use holdfast up, which makes its own."
        )
    return settings.model_copy(update={"link_keys": (SecretStr(made),)})


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for each in error.errors(include_input=False, include_url=False):
        if each["type"] == "default_factory_not_called":
            continue
        name = PREFIX + str(each["loc"][0]).upper() if each["loc"] else ""
        message = each["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}".removeprefix(": ").rstrip(".") + ".")
    return lines
