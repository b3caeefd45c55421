"""The secret of one home, of which the tokens of its runs are made: a page that is open outlives its server."""

import logging
import os
import secrets
from pathlib import Path

LENGTH = 32

_log = logging.getLogger(__name__)


def read_secret(home: Path) -> bytes:
    """The home's secret, made at the first start, readable by its owner alone.

    Where it can be neither read nor written the secret lasts as long as this process: pages must then be reloaded after
    a restart.
    """
    path = home / "secret"
    try:
        known = path.read_bytes()
        if len(known) == LENGTH:
            # Whoever copied the home may have opened it to others.
            path.chmod(0o600)
            return known
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.warning("secret: cannot be read (%s): pages must be reloaded after a restart", error.strerror)
        return secrets.token_bytes(LENGTH)
    return _write(path, secrets.token_bytes(LENGTH))


def _write(path: Path, secret: bytes) -> bytes:
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        _log.warning("secret: cannot be kept (%s): pages must be reloaded after a restart", error.strerror)
    return secret
