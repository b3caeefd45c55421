"""What can be seen in the curves of a VAE."""

import numpy as np

from genlab.config import VAEConfig
from genlab.diagnosis.both import Attempts, faster, reach, slower, without_mistake
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
        f"Steps of η = {number(recent.config.learning_rate)} may overshoot: what one batch teaches, the next undoes.",
        (slower(recent.config),),
    )


def _far_codes(recent: Recent) -> list[str]:
    kl = recent.median_per_column("kl_per_dim")
    # A mean that is the same for every x may lie anywhere for a while: it costs nats and is no code.
    if kl.max() <= limit("unbounded_kl") or _is_weightless(recent) or not recent.last("active_units"):
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
        "Hardly anything asks q(z|x) to resemble the prior: the codes spread as they like, and draws from N(0, I) may "
        "land where the decoder was hardly trained.",
        ({"beta": 1.0},),
        "evidence",
    )


def _is_weightless(recent: Recent) -> bool:
    return recent.median("beta") < limit("weightless_kl")


def _ignorant(recent: Recent) -> float | None:
    """Nats of reconstruction of the best decoder that ignores z; None where the data do not tell."""
    elbo = recent.reference.get("elbo_without_latents")
    return None if elbo is None else -elbo


def _gains_nothing(recent: Recent) -> bool:
    """Whether the reconstruction is no better than that of a decoder that ignores z."""
    ignorant = _ignorant(recent)
    if ignorant is None:
        return False
    margin = limit("ignorant_share") * (ignorant - recent.reference["reconstruction"])
    return recent.median("reconstruction") > ignorant - margin


def _share_of_way(recent: Recent) -> float:
    """How far the reconstruction has come from the untrained one to that of a decoder that ignores z, 0 to 1 or more.

    1 where the data do not tell, and where an untrained model is as good already.
    """
    ignorant, untrained = _ignorant(recent), recent.first("reconstruction")
    if ignorant is None:
        return 1.0
    margin = limit("ignorant_share") * (ignorant - recent.reference["reconstruction"])
    if untrained <= ignorant + margin or recent.median("reconstruction") <= ignorant + margin:
        return 1.0
    return (untrained - recent.median("reconstruction")) / (untrained - ignorant)


def hardly_moves(recent: Recent) -> Diagnosis | None:
    """Not even the mean of the data was learned, or the codes are those of the start: nothing is known of latents."""
    stands = _stands_still(recent)
    if not stands and not 0 <= _share_of_way(recent) + limit("ignorant_share") <= limit("untrained_share"):
        return None
    kl = f" The KL is {number(recent.median('kl'))} nats, {number(recent.first('kl'))} before training."
    return _slow(recent, "not carried the model from where it began", kl if stands else "")


def _slow(recent: Recent, have: str, also: str = "") -> Diagnosis:
    return Diagnosis(
        Name.HARDLY_MOVES,
        _saw_way(recent) + also,
        f"{reach(recent.config)}: {recent.step:,} steps have {have}.",
        (*without_mistake(recent.config), *faster(recent.config)),
    )


def _stands_still(recent: Recent) -> bool:
    """Whether the codes cost what they cost at first, and say as little: an untrained decoder may be at the mean."""
    before, now = recent.first("kl"), recent.median("kl")
    return _ignorant(recent) is not None and _gains_nothing(recent) and abs(now - before) < limit("same_kl") * before


def on_its_way(recent: Recent) -> Diagnosis | None:
    """Far worse than a decoder that ignores z: still descending, or held up by steps that overshoot."""
    share = _share_of_way(recent)
    if share >= limit("trained_share"):
        return None
    before, now = recent.before("reconstruction", 2 / 3), recent.median("reconstruction")
    improves = share > 0 and before - now > limit("ignorant_share") * (now - _ignorant(recent))
    if improves and not recent.judged_as:
        why = "The mean of the data is learned first; what z is good for shows after that."
        return Diagnosis(Name.WARMING_UP, _saw_way(recent), why)
    if improves and recent.judged_as == Name.HARDLY_MOVES:
        return _slow(recent, "not carried the model to the mean of the data, which is learned first")
    why = "It got worse before" if improves else "It does not get better"
    return Diagnosis(
        Name.EXPLODING,
        _saw_way(recent),
        f"{why}: steps of η = {number(recent.config.learning_rate)} may overshoot.",
        (slower(recent.config),),
    )


def _saw_way(recent: Recent) -> str:
    return (
        f"The reconstruction costs {number(recent.median('reconstruction'))} nats, {number(_ignorant(recent))} with "
        f"the best decoder that ignores z, {number(recent.first('reconstruction'))} before training."
    )


def posterior_collapse(recent: Recent) -> Diagnosis | None:
    """The posterior of all latents has become the prior, or that of some which the data need at β = 1."""
    kl = recent.median_per_column("kl_per_dim")
    collapsed, whole = np.flatnonzero(kl < limit("collapsed_kl")), kl.sum() < limit("asleep_kl")
    if not whole and (not len(collapsed) or not _is_wanted(recent, awake=len(kl) - len(collapsed))):
        return None
    why, attempts = _against_sleep(recent) if whole else _against_price(recent)
    return Diagnosis(Name.POSTERIOR_COLLAPSE, _saw_collapsed(kl, collapsed), why, attempts, "evidence")


def _is_wanted(recent: Recent, awake: int) -> bool:
    """Whether a linear decoder would use more latents than are awake if β were 1, and β is more than that."""
    worth = sum(value > 1 for value in _variances(recent))
    return _price(recent) > 1 and awake < min(recent.config.latent_dim, worth)


def _price(recent: Recent) -> float:
    """β in force, as it is weighed against a reconstruction that is summed."""
    terms = recent.config.dimension
    return recent.median("beta") * (terms if recent.config.mistake == "mean_over_pixels" else 1)


def _variances(recent: Recent) -> list[float]:
    """λ_j in units of the likelihood's noise, descending; see :class:`genlab.data.References`."""
    return [value for name, value in recent.reference.items() if name.startswith("variance_")]


def _saw_collapsed(kl: np.ndarray, collapsed: np.ndarray) -> str:
    if not len(collapsed):
        return f"KL of all latents together: {number(kl.sum())} nats, below {limit('asleep_kl'):g}."
    latents, most = ("latent", "") if len(collapsed) == 1 else ("latents", "at most ")
    return (
        f"KL of {latents} {listed(collapsed + 1)} of {len(kl)}: {most}{number(kl[collapsed].max())} nats, "
        f"below {limit('collapsed_kl'):g}."
    )


DEEP = 4
"""Hidden layers from which on nothing that a running model can take was seen to wake it."""
_SHALLOW = (
    "Annealing from a fresh run's first step may help, or another optimizer; of what a running model can take, these "
    "may:"
)
_SHALLOWER = (
    "Fewer layers, in a fresh run, are what was seen to help: with three the digits' latents wake, with six they slept "
    "on for 1,500 steps under annealing, free bits, β/10 and other rates (measured). What a running model can take may "
    "still be tried:"
)


def _against_sleep(recent: Recent) -> tuple[str, Attempts]:
    """Why no latent is awake, and what helps: the price of a nat, or a start from which little leads away."""
    config, price, variances = recent.config, _price(recent), _variances(recent)
    if config.mistake == "mean_over_pixels" or not variances or price >= variances[0]:
        return _against_price(recent)
    worth = variances[0] if config.is_images else variances[0] * config.sigma**2
    charged = f"β = {number(price)}" if config.is_images else f"βσ² = {number(price * config.sigma**2)}"
    bound = f"{charged} lies below λ₁ = {number(worth)}, the data's largest variance"
    layers = f", {config.depth} layers deep," if config.depth > 1 else ""
    why = (
        f"{bound}: awake would be better. The start is a saddle{layers} where z says nothing and the decoder learns to "
        f"ignore it; the more layers, the less leads back. {_SHALLOWER if config.depth >= DEEP else _SHALLOW}"
    )
    # A linear ramp is over when a run is far along.
    wakers: Attempts = ({"annealing": "cyclical"},)
    if config.optimizer not in ("adam", "rmsprop"):
        wakers = (*wakers, {"optimizer": "adam", "learning_rate": 1e-3})
    if price > limit("certain_price") * variances[0]:
        why = (
            f"{bound}, but not by much: a latent gains little more than it pays, and the start is a saddle{layers} "
            "that the small difference leaves slowly."
        )
        return why, (*wakers, {"beta": config.beta / 4}, {"free_bits": 0.5})
    return why, (*wakers, {"free_bits": 0.5}, {"beta": config.beta / 10})


def _against_price(recent: Recent) -> tuple[str, Attempts]:
    config, variances = recent.config, _variances(recent)
    lower = 1.0 if config.beta > 1 else config.beta / 10
    attempts = (*without_mistake(config), {"beta": lower}, {"free_bits": 0.5})
    if config.mistake == "mean_over_pixels":
        disguise = "on 28×28 images β = 784 in disguise" if config.is_images else "in the plane β = 2 in disguise"
        return f"The reconstruction is averaged over {_dimensions(config)}, the KL is summed: {disguise}.", attempts
    price = f"A latent pays β = {config.beta:g} nats for each nat of KL, and is given up when it gains less than that"
    if not variances or recent.median("beta") < variances[0]:
        return f"{price} in reconstruction.", attempts
    if config.is_images:
        return (
            f"{price}. No direction of the pixels gains that: λ₁ = {number(variances[0])} (to second order).",
            attempts,
        )
    worth, charged = variances[0] * config.sigma**2, recent.median("beta") * config.sigma**2
    sharper = {"sigma": max(0.01, round(config.sigma * np.sqrt(worth / charged) / 2, 2))}
    why = f"{price}. No direction of the data gains that: λ₁ = {number(worth)}, βσ² = {number(charged)}."
    return why, (*attempts, sharper)


def _dimensions(config: VAEConfig) -> str:
    return "pixels" if config.is_images else "coordinates"


def uninformative(recent: Recent) -> Diagnosis | None:
    """The latents cost nats and say nothing about x: their means are the same for every x, but not the prior's."""
    if recent.last("active_units") or not _gains_nothing(recent):
        return None
    kl = recent.median_per_column("kl_per_dim")
    return Diagnosis(
        Name.UNINFORMATIVE,
        f"No active unit (Var μ below 0.01), though the KL is {number(kl.sum())} nats; the reconstruction costs "
        f"{number(recent.median('reconstruction'))} nats, {number(_ignorant(recent))} with a decoder that ignores z.",
        "KL is what a code costs, not what it says: μ or σ may differ from the prior's in the same way for every x. "
        "That is no collapse onto the prior, and early in training it often passes.",
        ({"annealing": "cyclical"}, *faster(recent.config)),
        "evidence",
    )


def healthy(recent: Recent) -> Diagnosis:
    """None of the above; says how far the run is, and which latents carry it."""
    return Diagnosis(Name.HEALTHY, sentence(*_saw_elbo(recent), *_saw_latents(recent)))


def _saw_elbo(recent: Recent) -> list[str]:
    elbo, reference = recent.median("elbo"), recent.reference
    saw = f"ELBO {number(elbo)} nats"
    if "elbo" in reference:
        best = min(reference["elbo"], -reference["reconstruction"])
        bound = "E log p(x)" if best == reference["elbo"] else f"−log 2πσ², the most for σ = {recent.config.sigma:g},"
        return [f"{saw}, {number(best - elbo)} below {bound} = {number(best)}, which none exceeds"]
    if "elbo_of_class_means" not in reference:
        return [saw]
    ignorant, classes = reference["elbo_without_latents"], reference["elbo_of_class_means"]
    gain = elbo - ignorant
    hardly = 0 <= gain < limit("hardly_better") * (classes - ignorant)
    told = f"{saw}, {'only ' if hardly else ''}{number(abs(gain))} {'above' if gain >= 0 else 'below'} a decoder that"
    told += f" ignores z ({number(ignorant)})"
    if elbo >= classes:
        return [f"{told} and above a code that says the class alone ({number(classes)})"]
    return [f"{told}, {number(classes - elbo)} below a code that says the class alone: not there yet"]


def _saw_latents(recent: Recent) -> list[str]:
    kl = recent.median_per_column("kl_per_dim")
    unused = int((kl < limit("collapsed_kl")).sum())
    if not unused:
        return [f"KL of {'the latent' if len(kl) == 1 else 'each latent at least'} {number(kl.min())} nats"]
    worth = sum(value > _price(recent) for value in _variances(recent))
    used = len(kl) - unused
    more = ": the data need no more" if worth <= used else ""
    return [f"KL of the {used} used of {len(kl)} latents {number(kl.sum())} nats, {unused} unused{more}"]
