"""Which settings the description of a page depends on: only when one of them changes is the page drawn anew."""

from typing import Literal

How = Literal["value", "on"]

DRAWN_FOR: dict[str, dict[str, How]] = {
    "vae": {"data": "value", "latent_dim": "value", "mistake": "value", "free_bits": "on"},
    "gan": {
        "data": "value", "objective": "value", "updates": "value", "mistake": "value", "network": "value",
        "noise": "value", "noise_dim": "value", "spectral_norm": "value", "clip": "on", "gp_weight": "on",
        "r1_weight": "on", "lsgan_a": "value", "lsgan_b": "value", "lsgan_c": "value",
    },
}  # fmt: skip
"""By kind of model: each by its value, or by whether it is on; what else is shown of settings comes with the frames."""
