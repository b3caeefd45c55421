"""What a person is told in one line of a command that was not carried out."""


class CommandFailed(RuntimeError):
    """Says in one line why a run did not do what was asked."""


class UnknownRun(LookupError):
    """Says in one line that no run has this id."""


class NotAllowed(CommandFailed):
    """Says in one line that somebody may only watch a run, and whose it is."""


class TooMany(CommandFailed):
    """Says in one line which limit of a visitor is reached, and what to do."""
