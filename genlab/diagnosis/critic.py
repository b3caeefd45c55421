"""What can be seen of a critic: whether it lives, whether anything bounds it, whether its estimate can be read."""

import numpy as np

from genlab.config import GANConfig
from genlab.diagnosis.both import Attempts, bounded, slower, without_maximum, without_mistake
from genlab.diagnosis.diagnosis import Diagnosis, Name
from genlab.diagnosis.recent import Recent
from genlab.diagnosis.thresholds import limit
from genlab.diagnosis.words import number


def dead(recent: Recent) -> Diagnosis | None:
    """Every ReLU of a hidden layer is off for every point: the score is a constant, the gradient exactly zero."""
    config = recent.config
    if config.activation != "relu" or recent.largest("generator_grad_norm") > 0:
        return None
    scores = recent.median("real_score"), recent.median("fake_score")
    if not np.isclose(*scores, rtol=1e-6, atol=1e-12):
        return None
    return Diagnosis(
        Name.DEAD_CRITIC if config.is_critic else Name.DEAD_DISCRIMINATOR,
        f"The generator's gradient is exactly 0, and all points have the same score, {number(scores[0])}.",
        f"All ReLUs of one of the {config.second}'s hidden layers are off wherever there are points: nothing of x "
        "passes, and no gradient passes back to revive them. Large steps may bring that about. Rewind to before, or "
        "start anew, slower or with leaky ReLUs.",
        ({"critic_learning_rate": slower(config)["critic_learning_rate"]}, {"critic_optimizer": "sgd"}),
        "map",
    )


def unbounded(recent: Recent) -> Diagnosis | None:
    """Nothing bounds a Wasserstein critic: whatever its estimate reads, it is no distance."""
    if not recent.config.frees_critic:
        return None
    saw = f"The critic's estimate reads {number(recent.median('wasserstein_estimate'))}"
    if recent.has("wasserstein_exact"):
        exact = number(recent.measured("wasserstein_exact")[0])
        saw += f", the exact W₁{recent.when('wasserstein_exact')} is {exact}"
    return Diagnosis(
        Name.UNBOUNDED_CRITIC,
        f"{saw}; norm of the generator's gradient {number(recent.median('generator_grad_norm'))}.",
        f"{without_maximum(recent.config)} The points may come near the data all the same: what fails is the estimate.",
        (*without_mistake(recent.config), *bounded(recent.config)),
        "divergences",
    )


def off(recent: Recent) -> Diagnosis | None:
    """The critic is not near its maximum, or its maximum is no 1-Lipschitz function: its estimate cannot be read."""
    # Only a gradient penalty holds the slope near 1: clipping yields K·W₁ with an unknown K.
    config = recent.config
    if config.objective != "wgan_gp" or not config.gp_weight or not recent.has("wasserstein_exact"):
        return None
    factor = limit("off_estimate")
    off = recent.share_off(factor)
    if off <= limit("off_share"):
        return None
    estimate, exact = (recent.median(f"wasserstein_{which}") for which in ("estimate", "exact"))
    saw = (
        f"In {off:.0%} of the last steps the critic's estimate was off by more than {factor:g} times; it reads "
        f"{number(estimate)}, the exact W₁{recent.when('wasserstein_exact')} is {number(exact)}."
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
        "The estimate is W₁ only at the maximum of a critic of slope 1; so many steps may not bring it there before "
        "the generator moves on.",
        _for_the_critic(config),
        "divergences",
    )


def _for_the_critic(config: GANConfig) -> Attempts:
    attempts = [*without_mistake(config), {"n_critic": min(100, 5 * config.n_critic)}]
    if config.generator_learning_rate >= config.critic_learning_rate:
        attempts.append({"generator_learning_rate": config.critic_learning_rate / 10})
    return tuple(attempts)


def clip_saturation(recent: Recent) -> Diagnosis | None:
    """Most of the critic's weights lie on the clip bounds."""
    share, config = recent.median("clipped_fraction"), recent.config
    if not config.boxes_critic or share < limit("saturated_clip"):
        return None
    return Diagnosis(
        Name.CLIP_SATURATION,
        f"{share:.0%} of the critic's weights lie at ±c, c = {config.clip:g}.",
        "The loss asks for a steeper critic than its box allows and pushes the weights into a corner of it. Such "
        "critics tend to tell only simple features (Gulrajani et al. 2017); the estimate is at most K·W₁, K unknown.",
        ({"objective": "wgan_gp"}, {"clip": min(1.0, 3 * config.clip)}),
        "map",
    )
