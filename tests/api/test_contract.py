"""The OpenAPI document is true: schemathesis sends what it allows and what it forbids, to a running desk."""

import json
import re
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance
from ulid import ULID

from activities.settings import Settings
from api.app import create_app
from api.contract import describe
from tests.api.house import LINK_KEY, LONGEST, RunningDesk
from workflows.messages import COMMANDS

DOCUMENT = describe(create_app(Settings(link_keys=(LINK_KEY,))))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def number(desk: RunningDesk) -> str:
    """An incident that all these commands may fall upon."""
    return desk.report()


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_api_is_as_documented(case: Case, desk: RunningDesk, number: str) -> None:
    """No fault of ours, no undocumented status, media type, header or schema, nothing forbidden taken in, for any operation."""
    if "number" in case.path_parameters and crc32(str(case.path_parameters["number"]).encode("utf-8", "replace")) % 4:
        case.path_parameters["number"] = number
    for name in case.headers.keys() & ONCE:
        if re.fullmatch(r"[\w.:@+=-]{1,80}", str(case.headers[name]), re.ASCII):
            case.headers[name] = str(ULID())
    key = {} if _is_about_the_key(case) else {"Authorization": f"Bearer {desk.keys['asha']}"}
    response = case.call(base_url=desk.base_url, headers=key, timeout=LONGEST)
    case.validate_response(response, excluded_checks=[positive_data_acceptance] if _is_beyond_any_schema(response) else [])


def _is_about_the_key(case: Case) -> bool:
    """Whether what is wrong with the request is its key, which then stays so."""
    mutations = getattr(case.meta.phase.data, "mutations", ()) if case.meta else ()
    return any("Authorization" in (mutation.parameter, mutation.original_value) for mutation in mutations)


# Ids that mean one command or report each: what was generated twice would be refused as used.
ONCE = {"Command-Id", "Idempotency-Key", "command-id", "idempotency-key"}
# What no schema can say: whom the directory knows, which categories the edition in force has, what time it is, which cursor was handed out, which of two instants is later, what can be seen, which part
# of a hold belongs to which reason.
ABOUT_FILES = {"file-kind-not-taken", "content-differs", "empty-file"}
BEYOND = (
    "directory",
    "desk has:",
    "year 2000",
    "future",
    "page before",
    "after from",
    "visible character",
    "a hold for the caller asks",
    "scheduled hold ends",
)


def _is_beyond_any_schema(response: Any) -> bool:
    if response.status_code < 400:
        return False
    # Which version an incident is at is told by the incident, not by a schema.
    if response.status_code == 412:
        return True
    answer = response.json()
    # Nor what is in a file, or what its name ends with.
    if isinstance(answer, dict) and str(answer.get("type")).rpartition("/")[2] in ABOUT_FILES:
        return True
    errors = answer.get("errors") or [] if isinstance(answer, dict) else []
    return bool(errors) and all(any(word in error["detail"] for word in BEYOND) for error in errors)


def test_every_command_is_an_operation() -> None:
    """Each message has its own operation with a body of its own, a summary and an example that the API itself would accept."""
    for name, kind in COMMANDS.items():
        operation = DOCUMENT["paths"][f"/api/v1/incidents/{{number}}/{name}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": f"#/components/schemas/{kind.__name__}"}
        assert operation["summary"]
        assert "example" in body


def test_the_document_has_no_loose_ends() -> None:
    """Every schema that is referred to is there, and every operation says how it answers without a key, unless nobody asks for one."""
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DOCUMENT)))
    assert named <= DOCUMENT["components"]["schemas"].keys()
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            assert path in ("/healthz", "/readyz") or "401" in operation["responses"], path
