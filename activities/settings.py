"""The environment, read once into one frozen object (the only reader of the environment).

Every name has the prefix HOLDFAST_; a secret can also come from a file named like the setting in HOLDFAST_SECRETS_DIR. Temporal itself is
configured by Temporal's own names (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS ...).
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """All settings with their defaults; ``holdfast doctor`` shows what is in force, secrets masked."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path(".holdfast"), description="Where holdfast up keeps its databases, keys and logs.")
    database_url: str | None = Field(None, description="sqlite:///FILE or postgresql://USER@HOST/NAME; default: a file in the data directory.")
    database_password: SecretStr | None = Field(None, description="Password for the database, where the URL has none.")
    base_url: str = Field("http://127.0.0.1:8080", description="Where people reach the desk; links in letters begin with it.")
    listen_host: str = Field("127.0.0.1", description="Address the API listens on.")
    listen_port: int = Field(8080, ge=1, le=65535, description="Port the API listens on.")
    temporal_port: int = Field(7233, ge=1, le=65535, description="Port of the embedded Temporal server of holdfast up.")
    task_queue: str = Field("holdfast", description="Temporal task queue of the desk.")
    policies: Path | None = Field(None, description="A Python file with a BOOK of policies, to exchange the desk's rules as a whole.")
    link_keys: tuple[SecretStr, ...] = Field((), description="Keys that sign links in letters, newest first, separated by commas; at least 32 characters each.")
    link_days: int = Field(30, ge=1, le=365, description="How many days a link in a letter works.")
    mail_from: str = Field("Service desk <desk@localhost.invalid>", description="Sender of letters.")
    mail_domain: str = Field("holdfast.invalid", description="Domain in Message-IDs.")
    smtp_host: str | None = Field(None, description="Mail relay. None: letters are kept in the ledger and shown on the Outbox page.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail relay.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection to the relay is protected.")
    smtp_user: str | None = Field(None, description="User name at the relay.")
    smtp_password: SecretStr | None = Field(None, description="Password at the relay.")
    outcome_wait_seconds: float = Field(2.0, ge=0, le=30, description="How long the API waits for the outcome of a command.")
    commands_in_flight: int = Field(16, ge=1, le=1000, description="Commands the API has in flight at once; more wait their turn.")
    workflow_tasks: int = Field(8, ge=2, le=200, description="Workflow tasks a worker runs at once.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
