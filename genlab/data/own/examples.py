"""What own data consist of, and the name that follows from it."""

import hashlib

import numpy as np

MOST_ROWS = 100_000
MOST_PICTURES = 5_000
LEAST = 20
"""Examples that are needed: a half of them is held out."""
LARGEST = 1e6
"""Size of a coordinate."""


class OwnError(ValueError):
    """Says in one line what own data cannot be taken for, and where."""


class NothingYet(OwnError):
    """There is nothing to take yet, which is nobody's mistake."""


def checked(examples: np.ndarray) -> np.ndarray:
    """Points (n, 1) or (n, 2) float32, or images (n, 28, 28) uint8, if they can be trained on; else OwnError."""
    examples = np.ascontiguousarray(examples)
    if examples.dtype == np.uint8 and examples.shape[1:] == (28, 28):
        many, what = MOST_PICTURES, "pictures"
    elif examples.dtype == np.float32 and examples.ndim == 2 and examples.shape[1] in (1, 2):
        many, what = MOST_ROWS, "rows"
    else:
        raise OwnError(f"the data have the shape {list(examples.shape)}: allowed is (n, 1), (n, 2) or (n, 28, 28)")
    if not LEAST <= len(examples) <= many:
        raise OwnError(f"there are {len(examples):,} {what}: allowed is {LEAST} to {many:,}")
    if what == "rows":
        if not np.isfinite(examples).all():
            raise OwnError(f"row {int(np.argmin(np.isfinite(examples).all(axis=1))) + 1} is not finite")
        if np.abs(examples).max() > LARGEST:
            raise OwnError(f"a value is {np.abs(examples).max():g} in size: allowed is {LARGEST:g}, or standardise")
    if (examples == examples[0]).all():
        raise OwnError(f"all {what} are the same: there is nothing to learn")
    return examples


def name_of(examples: np.ndarray) -> str:
    """``own:`` with the letter of their kind and twenty digits of the hash of their values."""
    kind = "i" if examples.ndim == 3 else "lp"[examples.shape[1] - 1]
    return f"own:{kind}{hashlib.sha256(str(examples.shape).encode() + examples.tobytes()).hexdigest()[:20]}"
