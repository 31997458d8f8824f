"""The command line: ``holdfast up | worker | api | migrate | doctor | directory | keys | settings``.

Data goes to standard output, messages to standard error. Exit codes: 0 ok, 1 failure, 2 usage, 5 unavailable.
"""

import typer

app = typer.Typer(
    name="holdfast",
    help="Durable IT incident management.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _holdfast() -> None:
    """Durable IT incident management: start the whole desk with ``holdfast up``."""


def main() -> None:
    """Runs one command."""
    app()
