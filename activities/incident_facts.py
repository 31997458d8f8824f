"""The facts of an incident as the record holds them: the plain values of a Snapshot. Built once, as it costs more than reading many incidents."""

from pydantic import TypeAdapter

from workflows.publication import Snapshot

FACTS = TypeAdapter(Snapshot)
