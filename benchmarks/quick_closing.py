"""The desk's own policies, but a confirmed incident closes after one second instead of ten minutes, so that a benchmark sees whole lives."""

from dataclasses import replace
from datetime import timedelta

from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated

BOOK = replace(
    HOLDFAST,
    closure=[
        Dated(dated.valid_from, replace(dated.rule, undo_period=timedelta(seconds=1)), "for benchmarks only") for dated in HOLDFAST.closure
    ],
)
