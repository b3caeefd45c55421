"""What can be seen in the curves of a GAN."""

import numpy as np

from genlab.config import GANConfig
from genlab.diagnosis.both import (
    RESCALING,
    Attempts,
    bounded,
    faster,
    reach,
    slower,
    without_maximum,
    without_mistake,
)
from genlab.diagnosis.classes import told
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.modes import are_varied, crowd, farther, images_in_words, still_parting, too_young
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number, sentence


def targets(recent: Recent) -> Diagnosis | None:
    """LSGAN's targets leave the discriminator nothing to tell apart, or ask the generator for what looks generated."""
    config = recent.config
    a, b, c = config.lsgan_a, config.lsgan_b, config.lsgan_c
    if config.objective != "lsgan" or (a != b and (c - a) / (b - a) > 0):
        return None
    told = f"Targets a = {a:g} (generated), b = {b:g} (real), c = {c:g} (what the generator wants)"
    if a == b:
        saw = f"{told}: a = b."
        why = "The discriminator is to say the same of real and of generated points: there is nothing to tell apart."
    else:
        saw = f"{told}: c is {'a' if c == a else 'beyond a'}, away from b."
        why = "The generator is asked for points of which the discriminator says that they are generated."
    return Diagnosis(Name.TARGETS, saw, why, ({"lsgan_a": 0.0, "lsgan_b": 1.0, "lsgan_c": 1.0},))


def exploding(recent: Recent) -> Diagnosis | None:
    """Gradients far beyond those of healthy runs, or points that run away from the data."""
    saw = [*_steep(recent), *_runaway(recent)]
    if not saw:
        return None
    attempts = (*without_mistake(recent.config), *bounded(recent.config), slower(recent.config))
    return Diagnosis(Name.EXPLODING, sentence(*saw), _why_exploding(recent.config), attempts, "games")


def _steep(recent: Recent) -> list[str]:
    names = {recent.config.second: "critic_grad_norm", "generator": "generator_grad_norm"}
    norms = {whose: recent.median(name) for whose, name in names.items()}
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
    when = recent.when("wasserstein_exact")
    return [f"the points run away: exact W₁ {number(now)}{when}, {number(untrained)} before training"]


def _why_exploding(config: GANConfig) -> str:
    if why := without_maximum(config):
        return why
    if config.boxes_critic:
        return f"A critic with weights up to c = {config.clip:g} in each of its layers can be very steep."
    return "Each network's step may make the other's loss steeper, and nothing in these settings stops that."


def no_gradient(recent: Recent) -> Diagnosis | None:
    """The generator's gradient is practically zero and its points are where they began, or it is zero far away."""
    norm, config = recent.median("generator_grad_norm"), recent.config
    # An optimizer that rescales a tiny gradient may still move the points, none moves them without one.
    rests = recent.is_nearer("resting_distance") if norm == 0 else _has_moved(recent)
    if norm >= limit("vanishing_gradient") or rests:
        return None
    factor = _factor_per_layer(config)
    if factor < limit("starving_factor"):
        why = (
            "The generator's gradient is a product over the critic's layers. One of n units with weights at ±c and "
            f"random signs multiplies it by about {_factor_in_words(config)} = {number(factor)}, c = {config.clip:g}; "
            "weights within the bounds by less or, where their signs agree, by more."
        )
        attempts = ({"clip": min(1.0, max(0.1, 10 * config.clip))}, {"objective": "wgan_gp"})
    elif config.objective == "minimax" and _belief(recent) < limit("saturated_score"):
        why, attempts = FLAT, BEFORE_THE_SURE
    else:
        why, attempts = f"The {config.second} is flat where the generated points lie.", ({"r1_weight": 0.1},)
    saw = f"norm of the generator's gradient {number(norm)}, below {limit('vanishing_gradient'):g}"
    return Diagnosis(Name.VANISHING_GRADIENT, sentence(saw), why, attempts, "map")


def _factor_per_layer(config: GANConfig) -> float:
    """By what a clipped layer multiplies the gradient at most, with signs at random; 1 where nothing clips."""
    if not config.boxes_critic:
        return 1.0
    halved = 2 if config.activation in ("relu", "leaky_relu") else 1
    return config.clip * float(np.sqrt(config.critic_width / halved))


def _factor_in_words(config: GANConfig) -> str:
    # Half of the ReLUs are off.
    return "c·√(n/2)" if config.activation in ("relu", "leaky_relu") else "c·√n"


def _has_moved(recent: Recent) -> bool:
    if not recent.has("wasserstein_exact"):
        return False
    now, untrained = recent.measured("wasserstein_exact")[0], recent.history["wasserstein_exact"][0]
    return now < limit("unmoved") * untrained


def saturated(recent: Recent) -> Diagnosis | None:
    """The minimax generator's points are so surely recognised that its loss is flat, and nothing makes up for that."""
    belief, config = _belief(recent), recent.config
    if config.objective != "minimax" or belief >= limit("saturated_score"):
        return None
    if config.is_images and too_young(recent):
        return None
    # An optimizer that rescales a small gradient may carry the points, or part the images, all the same.
    if config.generator_optimizer in RESCALING and (_has_moved(recent) or are_varied(recent) or still_parting(recent)):
        return None
    norm = number(recent.median("generator_grad_norm"))
    saw = f"D(G(z)) is {number(belief)}, below {limit('saturated_score'):g}", f"norm of the generator's gradient {norm}"
    alike = [images_in_words(recent)] if recent.has("sample_distance") else []
    return Diagnosis(Name.VANISHING_GRADIENT, sentence(*saw, *alike), FLAT, BEFORE_THE_SURE, "discriminator")


FLAT = (
    "log(1 − D) is flat where the discriminator is sure that a point is generated: the better it gets, the smaller is "
    "the generator's gradient."
)
BEFORE_THE_SURE: Attempts = ({"objective": "nonsaturating"}, {"r1_weight": 0.1})
"""What helps a minimax generator against a discriminator that is sure."""


def _belief(recent: Recent) -> float:
    return float(1 / (1 + np.exp(-recent.median("fake_score"))))


def hardly_moves(recent: Recent) -> Diagnosis | None:
    """What is generated is what it was before training, far from the data: nothing can be said of modes yet."""
    saw = _stands_still(recent)
    if not saw:
        return None
    norm, belief, config = recent.median("generator_grad_norm"), recent.median("fake_score"), recent.config
    saw = [saw, f"norm of the generator's gradient {number(norm)}"]
    if not config.is_critic and config.objective != "lsgan":
        saw.append(f"D(G(z)) is {number(1 / (1 + np.exp(-belief)))}")
    what = "images from what they were" if config.is_images else "points from where they began"
    return Diagnosis(
        Name.HARDLY_MOVES,
        sentence(*saw),
        f"{reach(config, 'generator_')}: {recent.step:,} steps have not carried the {what}.",
        (*without_mistake(config), *faster(config, "generator_")),
    )


def _stands_still(recent: Recent) -> str:
    """The first and the last of the measurements that are all alike, "" where the generator has moved or arrived."""
    name = "sample_distance" if recent.config.is_images else "wasserstein_exact"
    if not recent.has(name) or recent.is_nearer("resting_distance"):
        return ""
    if recent.has("mode_turnover") and recent.turns_over:
        # Points that run from mode to mode may be as far from the data as they were.
        return ""
    every = recent.measured(name, len(recent.history["step"]))
    if len(every) < 3 or np.ptp(every) > limit("standstill") * every[0]:
        return ""
    what = "exact W₁" if name == "wasserstein_exact" else "the mean distance of two generated images"
    now = f"{number(every[-1])} at step {recent.measured_at(name):,}"
    return f"{what} was {number(every[0])} before training and is {now}"


def oscillation(recent: Recent) -> Diagnosis | None:
    """The two networks swing about each other, or the points had come nearer to the data and have left again."""
    saw = [] if recent.is_nearer("resting_distance") else [*_swinging(recent), *_left_again(recent)]
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
    if not recent.config.is_critic or share <= limit("reversed") or recent.tells_nothing:
        return []
    return [f"in {share:.0%} of the last steps generated examples scored higher than real ones"]


def _left_again(recent: Recent) -> list[str]:
    if not recent.has("wasserstein_exact") or recent.is_crowded or recent.is_uneven:
        return []
    # One that had arrived has relapsed, which is another name, unless all modes are still there.
    if not recent.has_left or (recent.had_arrived and not recent.has_every_mode):
        return []
    return [farther(recent), *([crowd(recent)] if recent.has("effective_modes") else [])]


def _why_turning(config: GANConfig) -> str:
    carried = "momentum may carry" if _momenta(config) else "steps of this size may carry"
    return (
        f"Each network steps towards what is best against the other as it stands, the other moves on, and {carried} "
        "them past the point where they would rest."
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


def _quality(recent: Recent) -> str:
    share = recent.measured("high_quality")[0]
    if share < 0.5 * recent.reference["high_quality"]:
        return f"only {share:.0%} of them are of high quality, most lie beside the modes"
    return f"{share:.0%} of them are of high quality"


def healthy(recent: Recent) -> Diagnosis:
    """None of the above; says what was looked at."""
    saw = [f"norm of the generator's gradient {number(recent.median('generator_grad_norm'))}"]
    if recent.has("effective_modes"):
        saw += [crowd(recent), _quality(recent)]
    if recent.has("wasserstein_exact"):
        exact = recent.measured("wasserstein_exact")[0]
        floor = exact / recent.reference["wasserstein_exact"]
        when = recent.when("wasserstein_exact")
        # Of small networks it is measured seldom: it may be that of the untrained generator.
        yet = "" if recent.is_nearer("resting_distance") else f", so they {'were' if when else 'are'} not there yet"
        saw.append(f"exact W₁ {number(exact)}{when}, {number(floor)} times a perfect generator's{yet}")
    else:
        saw.append(images_in_words(recent))
    if recent.has("effective_classes"):
        saw.append(told(recent))
    return Diagnosis(Name.HEALTHY, sentence(*saw))
