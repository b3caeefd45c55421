"""What can be seen in the curves of a VAE."""

import numpy as np

from genlab.config import VAEConfig
from genlab.diagnosis.both import Attempts, slower, without_mistake
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import listed, number, sentence


def exploding(recent: Recent) -> Diagnosis | None:
    """The codes spread further than any data need, or the reconstruction is worse than the untrained model's."""
    saw = [*_far_codes(recent), *_worse_than_untrained(recent)]
    if not saw:
        return None
    return Diagnosis(
        Name.EXPLODING,
        sentence(*saw),
        f"Steps of η = {number(recent.config.learning_rate)} overshoot: what one batch teaches, the next undoes.",
        (slower(recent.config),),
    )


def _far_codes(recent: Recent) -> list[str]:
    kl = recent.median_per_column("kl_per_dim")
    if kl.max() <= limit("unbounded_kl") or _is_weightless(recent):
        return []
    return [f"KL of latent {kl.argmax() + 1}: {number(kl.max())} nats, above {limit('unbounded_kl'):g}"]


def _worse_than_untrained(recent: Recent) -> list[str]:
    now, untrained = recent.median("reconstruction"), recent.untrained("reconstruction")
    if now <= untrained:
        return []
    return [f"the reconstruction costs {number(now)} nats, more than in any of the first steps ({number(untrained)})"]


def prior_ignored(recent: Recent) -> Diagnosis | None:
    """The KL has no weight: an autoencoder, whose decoder was never trained where the prior draws."""
    if not _is_weightless(recent):
        return None
    return Diagnosis(
        Name.PRIOR_IGNORED,
        f"β = {number(recent.median('beta'))}: the KL, {number(recent.median('kl'))} nats, is hardly charged for.",
        "Nothing asks q(z|x) to resemble the prior: the codes spread as they like, and draws from N(0, I) land where "
        "the decoder was never trained.",
        ({"beta": 1.0},),
        "evidence",
    )


def _is_weightless(recent: Recent) -> bool:
    return recent.median("beta") < limit("weightless_kl")


def posterior_collapse(recent: Recent) -> Diagnosis | None:
    """The posterior of one or more latents has become the prior."""
    kl = recent.median_per_column("kl_per_dim")
    collapsed, asleep = np.flatnonzero(kl < limit("collapsed_kl")), kl.sum() < limit("asleep_kl")
    if not len(collapsed) and not asleep:
        return None
    return Diagnosis(
        Name.POSTERIOR_COLLAPSE,
        _saw_collapsed(kl, collapsed),
        _why_collapsed(recent.config, whole=asleep or len(collapsed) == len(kl)),
        _against_collapse(recent.config),
        "evidence",
    )


def _saw_collapsed(kl: np.ndarray, collapsed: np.ndarray) -> str:
    if not len(collapsed):
        return f"KL of all latents together: {number(kl.sum())} nats, below {limit('asleep_kl'):g}."
    latents, most = ("latent", "") if len(collapsed) == 1 else ("latents", "at most ")
    return (
        f"KL of {latents} {listed(collapsed + 1)} of {len(kl)}: {most}{number(kl[collapsed].max())} nats, "
        f"below {limit('collapsed_kl'):g}."
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
