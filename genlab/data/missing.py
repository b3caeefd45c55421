"""Data that cannot be had."""


class DataUnavailable(RuntimeError):
    """Says in one line which data cannot be had, and why."""
