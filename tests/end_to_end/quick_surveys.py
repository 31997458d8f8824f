"""The desk's own policies, but everybody is asked, two seconds after closure, which comes one second after "it works"."""

from dataclasses import replace
from datetime import timedelta

from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated

_LAST = HOLDFAST.survey[-1]
_EVERYBODY = replace(_LAST.rule, percent=100, delay=timedelta(seconds=2), caps=())

BOOK = replace(
    HOLDFAST,
    closure=[
        Dated(dated.valid_from, replace(dated.rule, undo_period=timedelta(seconds=1)), "for tests only") for dated in HOLDFAST.closure
    ],
    survey=[*HOLDFAST.survey[:-1], Dated(_LAST.valid_from, _EVERYBODY, "for tests only")],
)
