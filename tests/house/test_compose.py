"""The production files agree with the code: no container runs here, so their every name is checked against what exists."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from activities.house.up.embedded_server import server_command
from activities.settings import PREFIX, Settings, read_settings
from cli import app

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "worker", "api")
ASKED_FOR = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")


def _commands() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def _environment(service: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[service].get("environment", {})
    return found


@pytest.mark.parametrize("service", OURS)
def test_our_services_set_only_settings_that_exist(service: str) -> None:
    """A renamed setting cannot be left behind in the compose file."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    used = {name for name in _environment(service) if name.startswith(PREFIX)}
    assert used <= known, used - known


@pytest.mark.parametrize("service", OURS)
def test_our_services_run_commands_that_exist(service: str) -> None:
    """What a container runs, its health check included, is a command of the command line."""
    assert SERVICES[service]["command"][0] in _commands()
    check = SERVICES[service].get("healthcheck", {}).get("test", ["CMD", "holdfast", "doctor"])
    assert check[:2] == ["CMD", "holdfast"]
    assert check[2] in _commands()


def test_our_services_understand_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the required values filled in, the API's environment is understood as it stands."""
    given = {
        "HOLDFAST_DATABASE_PASSWORD": "a1b2",
        "HOLDFAST_BASE_URL": "https://desk.example.org",
        "HOLDFAST_LINK_KEYS": "0123456789abcdef" * 4,
    }
    for name, value in _environment("api").items():
        filled = ASKED_FOR.sub(lambda found: given.get(found[1], found[3] if found[2] == ":-" else ""), value)
        monkeypatch.setenv(name, filled)
    settings = read_settings(signs_links=True)
    assert settings.database_url == "postgresql://holdfast:a1b2@postgres:5432/holdfast"
    assert settings.smtp_host is None
    assert f":{settings.listen_port}" in SERVICES["api"]["ports"][0]


def test_everything_waited_for_exists() -> None:
    """Each dependency names a service; who is waited for until healthy has a health check, who is waited for until done ends."""
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for the health of {other}"
            else:
                assert str(SERVICES[other]["restart"]).startswith("on-failure"), f"{other} must end for {name} to start"


def test_temporal_starts_after_its_schema_and_the_desk_after_its_namespace() -> None:
    """Nothing starts before what it needs is there."""
    assert "temporal-schema" in SERVICES["temporal"]["depends_on"]
    for service in ("worker", "api"):
        assert {"migrate", "temporal-namespace"} <= set(SERVICES[service]["depends_on"])
        assert _environment(service)["TEMPORAL_NAMESPACE"] == _environment("temporal-namespace")["TEMPORAL_NAMESPACE"]


def test_there_is_no_default_password() -> None:
    """Every secret must be given; there is none to forget to change."""
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if not re.search(r"PASSWORD|PWD|_KEYS|SECRET", variable):
                continue
            found = ASKED_FOR.fullmatch(str(value))
            assert found, f"{name}: {variable} is written into the file"
            assert found[2] == ":?" or (found[2] == ":-" and not found[3]), f"{name}: {variable} has a default"
            if found[2] == ":?":
                assert "set it in .env" in found[3], f"{name}: {variable} does not say what to do"


def test_only_this_machine_reaches_what_is_published() -> None:
    """The API and the two optional pages are published on the loopback address, nothing else is."""
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert set(published) == {"api", "temporal-ui", "mail"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for service in ("postgres", "temporal"):
        assert SERVICES[service]["networks"] == ["inside"]


def test_what_must_last_has_a_named_volume() -> None:
    """The data of PostgreSQL survives its container; what is mounted from here exists."""
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).is_file(), f"{name} mounts {source}"
                assert volume.endswith(":ro")
            else:
                assert source in COMPOSE["volumes"]
    assert any(volume.startswith("postgres-data:") for volume in SERVICES["postgres"]["volumes"])


def test_images_are_pinned() -> None:
    """Nobody gets another version than the one that was tried."""
    for name, service in SERVICES.items():
        tag = str(service["image"]).partition(":")[2]
        assert re.match(r"v?\d+\.\d+", tag), f"{name}: {service['image']}"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert SERVICES["api"]["image"] == f"holdfast:{version}"


@pytest.mark.parametrize("service", OURS)
def test_our_containers_may_do_little(service: str) -> None:
    """Read-only, without capabilities, without new privileges."""
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert SERVICES[service]["security_opt"] == ["no-new-privileges:true"]


def test_the_image_is_not_root_and_locked_by_hash() -> None:
    """The Dockerfile changes to a user of its own and installs by hash; what it copies exists."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER (?!0|root)", text, re.MULTILINE)
    assert "--require-hashes" in text
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for source in copied:
        assert f"!{source}" in ignored, f"{source} is copied but ignored"
    assert text.count("FROM python:3.12-slim") == 2


def test_both_servers_have_the_measured_settings() -> None:
    """What the embedded server is told about messages and queues, the one in production is told too."""
    production = yaml.safe_load((ROOT / "docs/deployment/temporal-dynamic-config.yaml").read_text(encoding="utf-8"))
    command = server_command(read_settings())
    embedded = dict(value.split("=") for value in command if re.match(r"(history|matching)\.\w+=", value))
    for name, entries in production.items():
        if name in embedded:
            assert str(entries[0]["value"]) == embedded[name]
    assert {"history.MaxBufferedQueryCount", "history.maxInFlightUpdates", "matching.numTaskqueueReadPartitions"} <= set(production) & set(
        embedded
    )
