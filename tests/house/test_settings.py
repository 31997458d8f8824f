"""What the environment may say, and how a wrong setting is told."""

import json
from pathlib import Path

import pytest

from activities.house.commands.settings_page import example, in_force, page
from activities.settings import SettingsError, link_key_file, read_settings, unknown_names
from tests.house.whole_house import holdfast

ROOT = Path(__file__).resolve().parents[2]
KEY = "5f1d7c3e9b2a4860f7e1d3c5b9a28046"
OTHER_KEY = "0a9b8c7d6e5f40312233445566778899"


def test_the_example_file_is_made_from_the_class() -> None:
    """.env.example lists every setting with its default."""
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == example(), "make it again: holdfast settings --example > .env.example"


def test_the_settings_page_is_made_from_the_class() -> None:
    """docs/settings.md lists every setting with its meaning."""
    written = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert written == page(), "make it again: holdfast settings --page > docs/settings.md"


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    """Without any setting the desk keeps its record in its data directory."""
    assert read_settings().database_url == f"sqlite:///{tmp_path}/holdfast.db"


def test_an_empty_line_is_a_setting_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass optional settings on as empty text."""
    monkeypatch.setenv("HOLDFAST_SMTP_HOST", "")
    monkeypatch.setenv("HOLDFAST_SMTP_PORT", "")
    assert (read_settings().smtp_host, read_settings().smtp_port) == (None, 587)


def test_links_point_to_where_the_desk_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another port alone is enough to make links in letters right."""
    monkeypatch.setenv("HOLDFAST_LISTEN_PORT", "9090")
    assert read_settings().base_url == "http://127.0.0.1:9090"


def test_link_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are rotated by putting a new one in front."""
    monkeypatch.setenv("HOLDFAST_LINK_KEYS", f"{KEY}, {OTHER_KEY}")
    assert [key.get_secret_value() for key in read_settings().link_keys] == [KEY, OTHER_KEY]


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret can be a file named like the setting, as container platforms mount them."""
    (tmp_path / "holdfast_link_keys").write_text(KEY + "\n", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_SECRETS_DIR", str(tmp_path))
    assert [key.get_secret_value() for key in read_settings().link_keys] == [KEY]


def test_the_secret_at_the_provider_is_kept_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It can be a file, and is never shown."""
    (tmp_path / "holdfast_oidc_client_secret").write_text("s3cret-of-the-desk\n", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("HOLDFAST_OIDC_ISSUER", "https://login.example.org/realms/one")
    monkeypatch.setenv("HOLDFAST_OIDC_CLIENT_ID", "desk")
    settings = read_settings()
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.get_secret_value() == "s3cret-of-the-desk"
    assert "s3cret" not in repr(settings) + json.dumps(in_force(settings))


def test_the_database_password_is_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password joins the address quoted, and is never shown."""
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", "postgresql://desk@db.example.org:5432/desk")
    monkeypatch.setenv("HOLDFAST_DATABASE_PASSWORD", "hunter@:/2")
    settings = read_settings()
    assert settings.database_url == "postgresql://desk:hunter%40%3A%2F2@db.example.org:5432/desk"
    assert "hunter" not in repr(settings) + json.dumps(in_force(settings))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN_PORT", "eighty"),
        ("LISTEN_PORT", "70000"),
        ("DATABASE_URL", "mysql://desk"),
        ("BASE_URL", "ftp:desk"),
        ("MAIL_FROM", "nobody at all"),
        ("SMTP_SECURITY", "maybe"),
        ("LINK_KEYS", "change-me-change-me-change-me-change-me"),
        ("LINK_KEYS", "a" * 64),
        ("LINK_KEYS", "brief"),
        ("SMTP_USER", "dagmar"),
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "https://login.example.org/?tenant=1"),
        ("OIDC_ISSUER", "https://user@login.example.org"),
        ("OIDC_ISSUER", "https://login.example.org"),
        ("OIDC_CLIENT_ID", "desk"),
        ("OIDC_CLAIM", "two words"),
        ("OIDC_ONLY", "passwords"),
        ("OIDC_ONLY", "perhaps"),
        ("SECRETS_DIR", "/nowhere/at/all"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Whoever sets something wrong reads which setting it is; the value is not repeated, it may be a secret."""
    monkeypatch.setenv(f"HOLDFAST_{name}", value)
    with pytest.raises(SettingsError) as refusal:
        read_settings()
    told = str(refusal.value)
    assert f"HOLDFAST_{name}" in told
    assert "\n" not in told
    assert name == "SECRETS_DIR" or value not in told


def test_each_wrong_setting_has_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is wrong is told at once."""
    monkeypatch.setenv("HOLDFAST_LISTEN_PORT", "eighty")
    monkeypatch.setenv("HOLDFAST_BASE_URL", "")
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", "mysql://desk")
    with pytest.raises(SettingsError) as refusal:
        read_settings()
    assert {line.partition(":")[0] for line in str(refusal.value).splitlines()} >= {"HOLDFAST_LISTEN_PORT", "HOLDFAST_DATABASE_URL"}


def test_links_are_not_signed_without_a_key() -> None:
    """A process that signs links refuses to start without a key; none is invented."""
    with pytest.raises(SettingsError, match="HOLDFAST_LINK_KEYS"):
        read_settings(signs_links=True)


def test_the_key_made_by_up_serves_its_directory() -> None:
    """A second worker beside holdfast up signs with the same key."""
    link_key_file(read_settings()).write_text(KEY + "\n", encoding="utf-8")
    assert [key.get_secret_value() for key in read_settings(signs_links=True).link_keys] == [KEY]


def test_a_misspelt_name_is_noticed() -> None:
    """The doctor says which setting was probably meant; names for curl are left alone."""
    seen = unknown_names(["HOLDFAST_SMPT_HOST", "HOLDFAST_CALLER_KEY", "HOLDFAST_URL", "HOLDFAST_SMTP_HOST", "PATH"])
    assert seen == {"HOLDFAST_SMPT_HOST": "HOLDFAST_SMTP_HOST"}
    # One letter less than a setting is no key of somebody: what it should encrypt would stand there readable.
    assert unknown_names(["HOLDFAST_PAYLOAD_KEY"]) == {"HOLDFAST_PAYLOAD_KEY": "HOLDFAST_PAYLOAD_KEYS"}


def test_wrong_settings_end_a_command_without_a_traceback() -> None:
    """Exit code 2 and one line on standard error."""
    done = holdfast("settings", HOLDFAST_LISTEN_PORT="eighty")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "HOLDFAST_LISTEN_PORT" in done.stderr
