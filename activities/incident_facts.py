"""The facts of an incident as the record holds them: the plain values of a Snapshot. Built once, as it costs more than reading many incidents."""

from pydantic import TypeAdapter

from activities.database.tables import incidents
from workflows.publication import Snapshot
from workflows.vocabulary import FINAL

FACTS = TypeAdapter(Snapshot)
# In a query: closed or cancelled on record. The process of one may still wait for the answer to a survey.
IS_OVER = incidents.c.status.in_([status.value for status in FINAL])
