"""Why a command of the house ends early: one sentence for the person at the terminal, and an exit code."""


class RefusedError(Exception):
    """The command cannot do what was asked; the text says why and what to do."""

    exit_code = 1


class UsageRefusedError(RefusedError):
    """What was asked for makes no sense as it stands."""

    exit_code = 2


class NotFoundError(RefusedError):
    """What was asked about does not exist."""

    exit_code = 3


class UnavailableError(RefusedError):
    """Something the command needs does not answer."""

    exit_code = 5
