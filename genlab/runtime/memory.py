"""How much memory this machine has, or the container in which the lab runs. Imports no torch."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

USUAL = 8 * 10**9
"""Bytes where the system does not tell."""
_CONTAINERS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory() -> int:
    """Bytes of memory, of a container what it may take."""
    whole = _physical() or USUAL
    for path in _CONTAINERS:
        # Without a limit it says "max", or a number beyond any machine.
        with suppress(OSError, ValueError):
            whole = min(whole, int(Path(path).read_text()))
    return whole


def _physical() -> int:
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(AttributeError, OSError):
        status = _MemoryStatus()
        status.length = ctypes.sizeof(status)
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status.total
    return 0


class _MemoryStatus(ctypes.Structure):
    """What Windows tells of its memory (MEMORYSTATUSEX)."""

    _fields_ = [
        ("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong),
        *((name, ctypes.c_ulonglong) for name in ("free", "page_total", "page_free", "own", "own_free", "extended")),
    ]  # fmt: skip
