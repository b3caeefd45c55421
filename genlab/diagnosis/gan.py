"""What can be seen in the curves of a GAN."""

import numpy as np

from genlab.config import GANConfig
from genlab.diagnosis.both import Attempts, bounded, not_before, slower, without_maximum, without_mistake
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
    if why := without_maximum(config):
        return why
    if config.boxes_critic:
        return f"A critic with weights up to c = {config.clip:g} in each of its layers can be very steep."
    return "Each network's step makes the other's loss steeper."


def no_gradient(recent: Recent) -> Diagnosis | None:
    """The generator's gradient is practically zero and its points are where they began, or it is zero far away."""
    norm, config = recent.median("generator_grad_norm"), recent.config
    # An optimizer that rescales a tiny gradient may still move the points, none moves them without one.
    rests = _is_nearer(recent, "resting_distance") if norm == 0 else _has_moved(recent)
    if norm >= limit("vanishing_gradient") or rests:
        return None
    if config.boxes_critic:
        why = (
            "The generator's gradient is a product over the critic's layers, and one of n units with weights at ±c "
            f"multiplies it by about c·√n, c = {config.clip:g}."
        )
        attempts = ({"clip": min(1.0, max(0.1, 10 * config.clip))}, {"objective": "wgan_gp"})
    else:
        why, attempts = "The second network is flat where the generated points lie.", ({"r1_weight": 0.1},)
    saw = f"norm of the generator's gradient {number(norm)}, below {limit('vanishing_gradient'):g}"
    return Diagnosis(Name.VANISHING_GRADIENT, sentence(saw), why, attempts, "map")


def _has_moved(recent: Recent) -> bool:
    if not recent.has("wasserstein_exact"):
        return False
    now, untrained = recent.measured("wasserstein_exact")[0], recent.history["wasserstein_exact"][0]
    return now < limit("unmoved") * untrained


def saturated(recent: Recent) -> Diagnosis | None:
    """The minimax generator's points are so surely recognised that its loss is flat."""
    belief = 1 / (1 + np.exp(-recent.median("fake_score")))
    if recent.config.objective != "minimax" or belief >= limit("saturated_score"):
        return None
    norm = number(recent.median("generator_grad_norm"))
    return Diagnosis(
        Name.VANISHING_GRADIENT,
        f"D(G(z)) is {number(belief)}, below {limit('saturated_score'):g}; norm of the generator's gradient {norm}.",
        "log(1 − D) is flat where the discriminator is sure that a point is generated: the better it gets, the less "
        "the generator learns.",
        ({"objective": "nonsaturating"}, {"r1_weight": 0.1}),
        "discriminator",
    )


def critic_off(recent: Recent) -> Diagnosis | None:
    """The critic is not near its maximum, or its maximum is no 1-Lipschitz function: its estimate cannot be read."""
    # Only a gradient penalty holds the slope near 1: clipping yields K·W₁ with an unknown K.
    config = recent.config
    if config.objective != "wgan_gp" or not config.gp_weight or not recent.has("wasserstein_exact"):
        return None
    if _is_nearer(recent, "readable_distance"):
        return None
    factor = limit("off_estimate")
    off = 1 - recent.share_between("wasserstein_estimate", "wasserstein_exact", 1 / factor, factor)
    if off <= limit("off_share"):
        return None
    estimate, exact = (recent.median(f"wasserstein_{which}") for which in ("estimate", "exact"))
    saw = (
        f"In {off:.0%} of the last steps the critic's estimate was off by more than {factor:g} times; it reads "
        f"{number(estimate)}, the exact W₁ is {number(exact)}."
    )
    # Of the functions s·u, u a Kantorovich potential of slope 1, this s maximises s·W₁ − λ(s − 1)².
    steepest = 1 + exact / (2 * config.gp_weight)
    if exact < estimate <= factor * steepest * exact:
        return Diagnosis(
            Name.STEEP_CRITIC,
            saw,
            f"λ = {config.gp_weight:g} is small beside W₁: the penalised critic is at its best with a slope of "
            f"1 + W₁/2λ = {number(steepest)}, and its estimate is W₁ times that slope.",
            ({"gp_weight": min(100.0, 10 * config.gp_weight)},),
            "divergences",
        )
    return Diagnosis(
        Name.CRITIC_OFF,
        saw,
        "The estimate is W₁ only at the critic's maximum; here the generator moves on before the critic gets there.",
        _for_the_critic(config),
        "divergences",
    )


def _for_the_critic(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config), {"n_critic": min(100, 5 * config.n_critic)}]
    if config.generator_learning_rate >= config.critic_learning_rate:
        attempts.append({"generator_learning_rate": config.critic_learning_rate / 10})
    return tuple(attempts)


def _is_nearer(recent: Recent, threshold: str) -> bool:
    if not recent.has("wasserstein_exact"):
        return False
    return _distance(recent) < limit(threshold) * recent.reference["wasserstein_exact"]


def _distance(recent: Recent) -> float:
    # The smaller of the last two: a single bad measurement does not change the name.
    return recent.measured("wasserstein_exact", 2).min()


def oscillation(recent: Recent) -> Diagnosis | None:
    """The two networks swing about each other, or the points had come nearer to the data and have left again."""
    saw = [] if _is_nearer(recent, "resting_distance") else [*_swinging(recent), *_relapsed(recent)]
    if not saw:
        return None
    return Diagnosis(
        Name.OSCILLATION,
        sentence(*saw),
        _why_turning(recent.config),
        _against_turning(recent.config),
        "games",
    )


def _swinging(recent: Recent) -> list[str]:
    share = recent.share_below("wasserstein_estimate", 0)
    if not recent.config.is_critic or share <= limit("reversed"):
        return []
    return [f"in {share:.0%} of the last steps generated examples scored higher than real ones"]


def _relapsed(recent: Recent) -> list[str]:
    if not recent.has("wasserstein_exact") or recent.is_crowded:
        return []
    now, best = _distance(recent), recent.history["wasserstein_exact"].min()
    if now < limit("relapse") * best:
        return []
    return [f"exact W₁ is {number(now)} and was {number(best)} before"]


def _why_turning(config: GANConfig) -> str:
    carried = "momentum carries" if _momenta(config) else "steps of this size carry"
    return (
        f"Each network's step answers a state that the other has left already, and {carried} them past the point "
        "where they would rest."
    )


def _momenta(config: GANConfig) -> dict[str, float]:
    """The settings that would take the optimizers' momentum away; empty where they have none."""
    return {
        f"{whose}_beta1": 0.0
        for whose in ("critic", "generator")
        if getattr(config, f"{whose}_optimizer") in ("adam", "momentum") and getattr(config, f"{whose}_beta1") > 0
    }


def _against_turning(config: GANConfig) -> Attempts:
    attempts, momenta = [*without_mistake(config)], _momenta(config)
    if config.updates == "simultaneous":
        attempts.append({"updates": "alternating"})
    return (*attempts, *([momenta] if momenta else []), slower(config))


def still_spreading(recent: Recent) -> Diagnosis | None:
    """The points crowd at few modes, but it is early: in many runs that will do well they do so at first."""
    if not recent.is_crowded:
        return None
    return not_before(recent, recent.changed_at + int(limit("spread_steps")))


def mode_hopping(recent: Recent) -> Diagnosis | None:
    """The points crowd at some of the modes, and at others each time they are measured."""
    if not recent.is_crowded or _turnover(recent) < limit("turnover"):
        return None
    return Diagnosis(
        Name.MODE_HOPPING,
        sentence(_crowd(recent), f"from one measurement to the next {_turnover(recent):.0%} changed their mode"),
        "Where the points crowd the discriminator learns to reject them, they leave together, it follows: the two turn "
        "around each other instead of settling.",
        _against_crowding(recent.config),
        "games",
    )


def mode_collapse(recent: Recent) -> Diagnosis | None:
    """The points crowd at some of the modes and stay there."""
    if not recent.is_crowded:
        return None
    return Diagnosis(
        Name.MODE_COLLAPSE,
        sentence(
            _crowd(recent), f"they stay: from one measurement to the next {_turnover(recent):.0%} changed their mode"
        ),
        "The generator is asked for points that pass as real; no term of its loss asks for all modes.",
        _against_crowding(recent.config),
        "gallery",
    )


def _crowd(recent: Recent) -> str:
    effective, modes = recent.measured("effective_modes")[0], recent.reference["effective_modes"]
    return f"at step {recent.measured_at:,} the points spread over {effective:.1f} effective modes of {modes:.0f}"


def _turnover(recent: Recent) -> float:
    # Of several measurements: single ones scatter.
    return float(recent.measured("mode_turnover", 3).mean())


def _against_crowding(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config)]
    if config.generator_learning_rate > config.critic_learning_rate:
        attempts.append({"critic_learning_rate": config.generator_learning_rate})
    if config.r1_weight < 0.5:
        attempts.append({"r1_weight": 0.5})
    if config.updates == "simultaneous":
        attempts.append({"updates": "alternating"})
    return (*attempts, {"n_critic": min(100, 5 * config.n_critic)})


def clip_saturation(recent: Recent) -> Diagnosis | None:
    """Most of the critic's weights lie on the clip bounds."""
    share, config = recent.median("clipped_fraction"), recent.config
    if not config.boxes_critic or share < limit("saturated_clip"):
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
        saw += [_crowd(recent), f"{recent.measured('high_quality')[0]:.0%} of them are of high quality"]
    if recent.has("wasserstein_exact"):
        exact = recent.measured("wasserstein_exact")[0]
        floor = exact / recent.reference["wasserstein_exact"]
        yet = "" if _is_nearer(recent, "resting_distance") else ", so they are not there yet"
        saw.append(f"exact W₁ {number(exact)}, {number(floor)} times a perfect generator's{yet}")
    else:
        saw.append("modes of images are not counted")
    return Diagnosis(Name.HEALTHY, sentence(*saw))
