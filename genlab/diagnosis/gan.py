"""What can be seen in the curves of a GAN."""

import numpy as np

from genlab.config import GANConfig
from genlab.diagnosis.both import Attempts, bounded, slower, without_mistake
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number, sentence


def exploding(recent: Recent) -> Diagnosis | None:
    """Gradients far beyond those of healthy runs, or points that run away from the data."""
    saw = [*_steep(recent), *_runaway(recent)]
    if not saw:
        return None
    attempts = (*without_mistake(recent.config), *bounded(recent.config), slower(recent.config))
    return Diagnosis(Name.EXPLODING, sentence(*saw), _why_exploding(recent.config), attempts, "games")


def _steep(recent: Recent) -> list[str]:
    norms = {whose: recent.median(f"{whose}_grad_norm") for whose in ("critic", "generator")}
    whose = max(norms, key=norms.get)
    if norms[whose] <= limit("exploding_gradient"):
        return []
    apart = number(recent.median("wasserstein_estimate"))
    return [
        f"norm of the {whose}'s gradient {number(norms[whose])}, above {limit('exploding_gradient'):g}",
        f"scores of real and generated examples are {apart} apart",
    ]


def _runaway(recent: Recent) -> list[str]:
    if not recent.has("wasserstein_exact"):
        return []
    now, untrained = recent.measured("wasserstein_exact")[0], recent.history["wasserstein_exact"][0]
    if now <= limit("runaway_distance") * untrained:
        return []
    return [f"the points run away: exact W₁ {number(now)}, {number(untrained)} before training"]


def _why_exploding(config: GANConfig) -> str:
    if config.mistake == "flipped_sign":
        return "The generator ascends where it should descend: both networks pull the points away from the data."
    if config.objective == "wgan" and not config.clips_weights:
        return "E f(x) − E f(G(z)) grows with the scale of f, and nothing bounds it: its maximum is infinite."
    if config.objective == "wgan":
        return f"A critic with weights up to c = {config.clip:g} in each of its layers can be very steep."
    return "Each network's step makes the other's loss steeper."


def vanishing_gradient(recent: Recent) -> Diagnosis | None:
    """The generator gets no gradient to learn from."""
    saw = _saturated(recent) or _flat(recent)
    if not saw:
        return None
    why, attempts, page = _cause_of_vanishing(recent.config)
    return Diagnosis(Name.VANISHING_GRADIENT, sentence(saw), why, attempts, page)


def _saturated(recent: Recent) -> str:
    judged = 1 / (1 + np.exp(-recent.median("fake_score")))
    if recent.config.objective != "minimax" or judged >= limit("saturated_score"):
        return ""
    norm = number(recent.median("generator_grad_norm"))
    return f"D(G(z)) is {number(judged)}, below {limit('saturated_score'):g}; norm of the generator's gradient {norm}"


def _flat(recent: Recent) -> str:
    norm = recent.median("generator_grad_norm")
    if norm >= limit("vanishing_gradient"):
        return ""
    return f"norm of the generator's gradient {number(norm)}, below {limit('vanishing_gradient'):g}"


def _cause_of_vanishing(config: GANConfig) -> tuple[str, Attempts, str]:
    if config.objective == "minimax":
        why = "log(1 − D) is flat where the discriminator is sure that a point is generated: the better it gets, the "
        return why + "less the generator learns.", ({"objective": "nonsaturating"}, {"r1_weight": 0.1}), "discriminator"
    if config.clips_weights:
        why = (
            f"The generator's gradient is a product over the critic's layers, each of the order of c = {config.clip:g}."
        )
        return why, ({"clip": min(1.0, max(0.1, 10 * config.clip))}, {"objective": "wgan_gp"}), "map"
    return "The field is flat where the generated points lie.", ({"r1_weight": 0.1},), "discriminator"


def critic_off(recent: Recent) -> Diagnosis | None:
    """The critic does not keep up with the generator, so that its estimate cannot be read."""
    if not recent.config.is_critic or _is_at_rest(recent):
        return None
    saw = [*_reversed(recent), *_underestimated(recent)]
    if not saw:
        return None
    return Diagnosis(
        Name.CRITIC_OFF,
        sentence(*saw),
        "The estimate is W₁ only at the critic's maximum; here the generator moves on before the critic gets there.",
        _for_the_critic(recent.config),
        "divergences",
    )


def _is_at_rest(recent: Recent) -> bool:
    if not recent.has("wasserstein_exact"):
        return False
    return _distance(recent) < limit("resting_distance") * recent.reference["wasserstein_exact"]


def _distance(recent: Recent) -> float:
    # The smaller of the last two: a single bad measurement does not change the name.
    return recent.measured("wasserstein_exact", 2).min()


def _reversed(recent: Recent) -> list[str]:
    share = recent.share_below("wasserstein_estimate", 0)
    if share <= limit("reversed"):
        return []
    return [f"in {share:.0%} of the last steps generated examples scored higher than real ones"]


def _underestimated(recent: Recent) -> list[str]:
    if recent.config.objective != "wgan_gp" or not recent.has("wasserstein_exact"):
        return []
    estimate, exact = recent.median("wasserstein_estimate"), recent.median("wasserstein_exact")
    if estimate >= limit("underestimate") * exact:
        return []
    return [f"the critic estimates {number(estimate)} where the exact W₁ is {number(exact)}"]


def _for_the_critic(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config), {"n_critic": min(100, 5 * config.n_critic)}]
    if config.generator_learning_rate >= config.critic_learning_rate:
        attempts.append({"generator_learning_rate": config.critic_learning_rate / 10})
    return tuple(attempts)


def mode_hopping(recent: Recent) -> Diagnosis | None:
    """The points crowd at few modes, and at others each time they are measured."""
    if not _is_crowded(recent) or recent.measured("mode_turnover", 2).mean() < limit("turnover"):
        return None
    return Diagnosis(
        Name.MODE_HOPPING,
        sentence(_crowd(recent), f"{_turnover(recent)} changed their mode since the measurement before"),
        "Where the points crowd the discriminator learns to reject them, they leave together, it follows: the two turn "
        "around each other instead of settling.",
        _against_crowding(recent.config),
        "games",
    )


def mode_collapse(recent: Recent) -> Diagnosis | None:
    """The points crowd at few modes and stay there."""
    if not _is_crowded(recent):
        return None
    return Diagnosis(
        Name.MODE_COLLAPSE,
        sentence(_crowd(recent), f"they stay: {_turnover(recent)} changed their mode since the measurement before"),
        "The generator is asked for points that pass as real; no term of its loss asks for all modes.",
        _against_crowding(recent.config),
        "gallery",
    )


def _is_crowded(recent: Recent) -> bool:
    if not recent.has("effective_modes"):
        return False
    # Of the last two measurements, so that neither a lucky nor an unlucky one changes the name.
    return recent.measured("effective_modes", 2).mean() <= limit("crowded") * recent.reference["effective_modes"]


def _crowd(recent: Recent) -> str:
    effective, modes = recent.measured("effective_modes")[0], recent.reference["effective_modes"]
    return f"the points spread over {effective:.1f} effective modes of {modes:.0f}"


def _turnover(recent: Recent) -> str:
    return f"{recent.measured('mode_turnover')[0]:.0%}"


def _against_crowding(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config)]
    if config.r1_weight < 0.1:
        attempts.append({"r1_weight": 0.1})
    if config.updates == "simultaneous":
        attempts.append({"updates": "alternating"})
    if config.generator_learning_rate > config.critic_learning_rate:
        attempts.append({"generator_learning_rate": config.critic_learning_rate})
    return (*attempts, {"n_critic": min(100, 5 * config.n_critic)})


def oscillation(recent: Recent) -> Diagnosis | None:
    """The points had come nearer to the data and have left again."""
    if not recent.has("wasserstein_exact") or _is_at_rest(recent):
        return None
    now, best = _distance(recent), recent.history["wasserstein_exact"].min()
    if now < limit("relapse") * best:
        return None
    return Diagnosis(
        Name.OSCILLATION,
        f"Exact W₁ is {number(now)} and was {number(best)} before.",
        "Each network's step answers a state that the other has left already, and momentum carries both past the "
        "point where they would rest.",
        _against_turning(recent.config),
        "games",
    )


def _against_turning(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config)]
    if config.updates == "simultaneous":
        attempts.append({"updates": "alternating"})
    momenta = {
        f"{whose}_beta1": 0.0
        for whose in ("critic", "generator")
        if getattr(config, f"{whose}_optimizer") in ("adam", "momentum") and getattr(config, f"{whose}_beta1") > 0
    }
    return (*attempts, *([momenta] if momenta else []), slower(config))


def clip_saturation(recent: Recent) -> Diagnosis | None:
    """Most of the critic's weights lie on the clip bounds."""
    share, config = recent.median("clipped_fraction"), recent.config
    if not config.clips_weights or share < limit("saturated_clip"):
        return None
    return Diagnosis(
        Name.CLIP_SATURATION,
        f"{share:.0%} of the critic's weights lie at ±c, c = {config.clip:g}.",
        "The critic wants to be steeper than its box allows and ends in a corner of it: it tells only simple features "
        "of the data, and its estimate is K·W₁ with an unknown K.",
        ({"objective": "wgan_gp"}, {"clip": min(1.0, 3 * config.clip)}),
        "map",
    )


def healthy(recent: Recent) -> Diagnosis:
    """None of the above; says what was looked at."""
    saw = [f"norm of the generator's gradient {number(recent.median('generator_grad_norm'))}"]
    if recent.has("effective_modes"):
        saw.append(_crowd(recent))
    if recent.has("wasserstein_exact"):
        exact = recent.measured("wasserstein_exact")[0]
        floor = exact / recent.reference["wasserstein_exact"]
        saw.append(f"exact W₁ {number(exact)}, {number(floor)} times a perfect generator's")
    else:
        saw.append("modes of images are not counted")
    return Diagnosis(Name.HEALTHY, sentence(*saw))
