"""The OpenAPI document: complete and true, and a plain page of it that loads nothing from elsewhere."""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.bodies import BODIES, strict
from api.problems import ProblemDetails
from api.views import VIEWS

ABOUT = """Durable IT incident management. Every command has an id (`Command-Id`) and every report a key (`Idempotency-Key`): sending again under
the same one is safe and takes effect once. Reading an incident names its version (`ETag`); a command with `If-Match` changes nothing if the incident has changed
since. A refusal is a problem document (RFC 9457) that names the rule and its section."""
TAGS = [
    {"name": "Incidents", "description": "Report, read and list incidents."},
    {"name": "Commands", "description": "Tell an incident something, and ask what became of it."},
    {"name": "Files", "description": "Add, list and read files of an incident."},
    {"name": "Audit trail", "description": "Everything that happened, as a file."},
    {"name": "Operation", "description": "Keys and health."},
]
_METHODS = ("get", "post")
KEY = {"type": "http", "scheme": "bearer", "description": "An API key: hf_ and 43 characters. holdfast keys issue makes one."}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        components = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        components.update(_schemas())
        document["components"]["securitySchemes"] = {"key": KEY}
        for operation in _operations_of(document):
            _without_422_of_the_framework(operation)
            operation["security"] = [{"key": []}] if "401" in operation["responses"] else []
        app.openapi_schema = document
    return app.openapi_schema


def _operations_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for method, operation in methods.items() if method in _METHODS]


def _without_422_of_the_framework(operation: dict[str, Any]) -> None:
    """The framework promises a 422 wherever there is a parameter, also where any text is a valid one."""
    if "HTTPValidationError" in str(operation["responses"].get("422")):
        del operation["responses"]["422"]


def _schemas() -> dict[str, Any]:
    models: list[Any] = [(strict(kind), "validation") for kind in BODIES]
    models += [(view, "serialization") for view in (*VIEWS, ProblemDetails)]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = found["$defs"]
    return definitions


def operations(app: FastAPI) -> list[dict[str, Any]]:
    """Every operation in the order of the document, for the page under /docs."""
    document = describe(app)
    return [
        operation | {"method": method.upper(), "path": path, "example": _example(operation)}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]


def _example(operation: dict[str, Any]) -> Any:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return body.get("example")
