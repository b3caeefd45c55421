"""What can be seen in the curves of a VAE."""

import numpy as np

from genlab.config import VAEConfig
from genlab.diagnosis.both import Attempts, slower, without_mistake
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import listed, number


def exploding(recent: Recent) -> Diagnosis | None:
    """The codes spread without bound, or the reconstruction is worse than the untrained model's."""
    return _unbounded_codes(recent) or _worse_than_untrained(recent)


def _unbounded_codes(recent: Recent) -> Diagnosis | None:
    kl = recent.median_per_column("kl_per_dim")
    if kl.max() <= limit("unbounded_kl"):
        return None
    return Diagnosis(
        Name.EXPLODING,
        f"KL of latent {kl.argmax() + 1}: {number(kl.max())} nats; no data here need more than "
        f"{limit('unbounded_kl'):g}.",
        f"With β = {recent.config.beta:g} too little holds q(z|x) near the prior: the codes spread ever further, and "
        "draws from the prior fall between them.",
        ({"beta": 1.0},),
        "evidence",
    )


def _worse_than_untrained(recent: Recent) -> Diagnosis | None:
    now, untrained = recent.median("reconstruction"), recent.untrained("reconstruction")
    if now <= untrained:
        return None
    return Diagnosis(
        Name.EXPLODING,
        f"The reconstruction costs {number(now)} nats, more than in the first steps ({number(untrained)}).",
        f"Steps of η = {number(recent.config.learning_rate)} overshoot: what one batch teaches, the next undoes.",
        (slower(recent.config),),
    )


def posterior_collapse(recent: Recent) -> Diagnosis | None:
    """The posterior of one or more latents has become the prior."""
    kl = recent.median_per_column("kl_per_dim")
    collapsed = np.flatnonzero(kl < limit("collapsed_kl"))
    if not len(collapsed):
        return None
    latents, most = ("latent", "") if len(collapsed) == 1 else ("latents", "at most ")
    return Diagnosis(
        Name.POSTERIOR_COLLAPSE,
        f"KL of {latents} {listed(collapsed + 1)} of {len(kl)}: {most}{number(kl[collapsed].max())} nats, "
        f"below {limit('collapsed_kl'):g}.",
        _why_collapsed(recent.config, whole=len(collapsed) == len(kl)),
        _against_collapse(recent.config),
        "evidence",
    )


def _why_collapsed(config: VAEConfig, whole: bool) -> str:
    if config.mistake == "mean_over_pixels":
        return "The reconstruction is averaged over pixels, the KL is summed: on 28×28 images β = 784 in disguise."
    price = f"A latent pays β = {config.beta:g} nats for each nat of KL, and is given up when it gains less than that"
    if whole:
        return f"{price}: q(z|x) becomes the prior, and the decoder ignores z."
    return f"{price} in reconstruction: for these data the others suffice."


def _against_collapse(config: VAEConfig) -> Attempts:
    lower = 1.0 if config.beta > 1 else config.beta / 10
    return (*without_mistake(config), {"beta": lower}, {"free_bits": 0.5})


def healthy(recent: Recent) -> Diagnosis:
    """None of the above; says what was looked at."""
    kl = recent.median_per_column("kl_per_dim")
    which = "the latent" if len(kl) == 1 else "each latent at least"
    return Diagnosis(Name.HEALTHY, f"ELBO {number(recent.median('elbo'))} nats; KL of {which} {number(kl.min())} nats.")
