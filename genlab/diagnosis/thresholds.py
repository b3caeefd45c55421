"""Every number on which a diagnosis decides, with what it means and where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """One number: ``meaning`` says what is compared with it, ``source`` why it is this one."""

    value: float
    meaning: str
    source: str


THRESHOLDS = {
    "window": Threshold(
        100, "steps over which the median of a curve is taken", "one batch is noise; live settings act within seconds"
    ),
    "least_rows": Threshold(
        20, "rows of a curve below which nothing but a divergence is said", "a median of fewer is noise itself"
    ),
    "warm_up_vae": Threshold(
        200, "ELBO steps before a VAE is judged", "two epochs of 9,000 digits; β = 50 has collapsed it after 150"
    ),
    "warm_up_gan": Threshold(
        400, "critic steps before a GAN is judged", "the first regular measurement; a critic's estimate has settled"
    ),
    "spread_steps": Threshold(
        150,
        "generator steps at least before points that crowd at few modes are judged",
        "the points need moves of their own: on the grid of 25 they reach half of the modes after about 100 (measured)",
    ),
    "collapsed_kl": Threshold(
        0.01,
        "nats of KL below which a latent says nothing about x",
        "(ε, δ)-collapse with ε = 0.01, Lucas et al. 2019; an active unit's variance > 0.01 is at least 0.005 nats",
    ),
    "asleep_kl": Threshold(
        0.1,
        "nats of KL in all latents together below which z says nothing about x",
        "the KL is at least I(x; z), Hoffman & Johnson 2016, and to tell one half of the data from the other takes "
        "log 2 = 0.69",
    ),
    "weightless_kl": Threshold(
        0.05,
        "weight β in force below which nothing asks q(z|x) to resemble the prior",
        "the autoencoding limit of Alemi et al. 2018: the rate grows, and samples from the prior get worse",
    ),
    "vanishing_gradient": Threshold(
        1e-6,
        "norm of the generator's gradient below which it hardly learns",
        "Adam and RMSProp rescale a gradient until 1e-8 per weight, which is 1e-6 over 10,000 weights",
    ),
    "unmoved": Threshold(
        0.8,
        "share of the untrained generator's W₁ above which its points have hardly moved",
        "a rescaled gradient may still do; one that has vanished left 0.9 after 400 steps (measured)",
    ),
    "saturated_score": Threshold(
        0.01,
        "D(G(z)) below which the minimax generator is starved",
        "∇ log(1 − D) is D/(1 − D) times ∇ log D: a hundredth of the non-saturating gradient, Goodfellow et al. 2014",
    ),
    "crowded": Threshold(
        0.5,
        "share of the data's modes that the generated points fill evenly (effective modes), or fewer",
        "exp of the entropy; a perfect generator fills all",
    ),
    "lone_mode": Threshold(
        1.2,
        "effective modes, or fewer, that count as a single one: of two modes even half is never undercut",
        "exp of the entropy of shares of 95 % and 5 % is 1.22",
    ),
    "turnover": Threshold(
        0.25,
        "share of the points that changed their mode between two measurements, or more, on the mean of three",
        "Metz et al. 2017, figure 2: a collapsed generator may rotate through the modes; at rest it stays below 0.1, "
        "and one that stays collapsed below 0.2 (measured)",
    ),
    "relapse": Threshold(
        1.5,
        "times the smallest W₁ of the run, or more: the points had come nearer to the data before",
        "measurements of a generator at rest differ by a tenth (measured)",
    ),
    "saturated_clip": Threshold(
        0.5,
        "share of the critic's weights on the clip bounds, or more",
        "Gulrajani et al. 2017, figure 1b: clipping pushes most weights to ±c",
    ),
    "resting_distance": Threshold(
        3,
        "times a perfect generator's W₁ below which the points have arrived, whatever swings",
        "near the data the estimate is small against its noise; the scenarios call this covered",
    ),
    "readable_distance": Threshold(
        2,
        "times a perfect generator's W₁ below which the estimate is not compared with it",
        "at rest the estimate is 0 and W₁ between samples is its floor: their ratio says nothing",
    ),
    "off_estimate": Threshold(
        2.5,
        "times by which the estimate of a critic with slopes near 1 may differ from the exact W₁",
        "Kantorovich–Rubinstein duality: equal for a slope of 1; under a penalty of weight λ the best is 1 + W₁/2λ",
    ),
    "off_share": Threshold(
        0.4,
        "share of the last steps with such a difference, or more",
        "WGAN-GP with n_critic = 5 stays below 0.25 once warm (measured)",
    ),
    "reversed": Threshold(
        0.1,
        "share of the last steps at which the critic scored generated examples higher than real ones",
        "the maximum of E f(x) − E f(G(z)) is never negative; a critic that keeps up stays below 0.02 (measured)",
    ),
    "exploding_gradient": Threshold(
        100,
        "norm of a gradient above which training explodes",
        "Pascanu et al. 2013 clip far below; healthy runs here stay below 5 (measured)",
    ),
    "runaway_distance": Threshold(
        5,
        "times the untrained generator's W₁ beyond which its points run away",
        "the untrained one starts in the middle of the data; a hopping one reaches 3 (measured)",
    ),
    "unbounded_kl": Threshold(
        12,
        "nats of KL in one latent that no data set here can need",
        "telling N examples apart takes log N, 11 for N = 60,000; the rest is KL(q(z)‖p(z)), Hoffman & Johnson 2016",
    ),
}
"""Name → threshold."""


def limit(name: str) -> float:
    """The value of one threshold."""
    return THRESHOLDS[name].value
