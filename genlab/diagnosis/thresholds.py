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
    "long_window": Threshold(
        300, "steps over which a share of the steps is taken", "a share of a tenth takes some hundred steps to settle"
    ),
    "least_rows": Threshold(
        20, "rows of a curve below which nothing but a divergence is said", "a median of fewer is noise itself"
    ),
    "warm_up_vae": Threshold(
        200, "ELBO steps before a VAE is judged", "two epochs of 9,000 digits; β = 50 has collapsed it after 150"
    ),
    "warm_up_gan": Threshold(400, "critic steps before a GAN is judged", "a critic's estimate has settled"),
    "spread_steps": Threshold(
        150,
        "generator steps at least before points that crowd at few modes are judged",
        "the points need moves of their own: on the grid of 25 they reach half of the modes after about 100 (measured)",
    ),
    "collapsed_kl": Threshold(
        0.01,
        "nats of KL below which a latent's posterior has become the prior",
        "(ε, δ)-collapse with ε = 0.01, Lucas et al. 2019; an active unit's variance > 0.01 is at least 0.005 nats",
    ),
    "untrained_share": Threshold(
        0.5,
        "share of the way from the untrained reconstruction to that of a decoder that ignores z, or less: hardly moved",
        "the output's biases alone can go the whole way, which is the first thing that any VAE learns",
    ),
    "trained_share": Threshold(
        0.9, "share of the same way from which on latents are judged", "what is left is a third of what z can gain"
    ),
    "same_kl": Threshold(
        0.15,
        "share by which the KL differs from that of the untrained encoder, below which the codes are still its own",
        "a latent that falls asleep loses nearly all of it, one that wakes gains many times as much",
    ),
    "ignorant_share": Threshold(
        0.03,
        "share of what a reconstruction can gain by z below which a decoder has gained nothing by it",
        "batches of 100 digits scatter by 4 nats, their median over 100 steps by 0.5, of 160 that can be gained",
    ),
    "hardly_better": Threshold(
        0.25,
        "share of the way from a decoder that ignores z to what is compared with, below which a run is hardly better",
        "a quarter of the way to a code that says the class alone is 8 nats of the digits' 32",
    ),
    "certain_price": Threshold(
        0.5,
        "share of the first variance λ₁ that β costs, below which a collapse is not the price's work alone",
        "a linear latent is worth its price where λ₁ > β (σ = 1), and gains only ½(λ₁/β − 1 − log(λ₁/β)) there, "
        "Lucas et al. 2019",
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
    "standstill": Threshold(
        0.05,
        "share of the untrained generator's W₁, or of its images' distance from each other, within which every "
        "measurement lies of one that stands where it began",
        "one that cannot move stays within 0.01, one that moves little within 0.03; the slowest that learns has left "
        "0.2 behind when it is judged (measured)",
    ),
    "spreading_images": Threshold(
        1.15,
        "times the middle third's distance between generated images that the last third's is, or more: still spreading",
        "a generator's images that stay alike come and go without a direction; slow ones double theirs (measured)",
    ),
    "unmoved": Threshold(
        0.8,
        "share of the untrained generator's W₁ above which its points have hardly moved",
        "a rescaled gradient may still do; one that has vanished left 0.9 after 400 steps (measured)",
    ),
    "starving_factor": Threshold(
        0.5,
        "factor of the gradient in each layer of a clipped critic below which clipping starves the generator",
        "over three layers a tenth is left; weights within the bounds leave less",
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
    "lost_modes": Threshold(
        0.2,
        "share of the data's modes by which the captured ones have fallen, or more, on the mean of a while",
        "single counts of points that lie all over the grid scatter by a tenth of its modes, their means by 0.03",
    ),
    "regained_modes": Threshold(
        0.12, "the same share, below which modes that were lost are back", "between the two the name stays what it was"
    ),
    "crowded_steps": Threshold(
        75, "steps up to the newest count over which the effective modes are averaged", "four counts, one each 25 steps"
    ),
    "turnover_steps": Threshold(
        150,
        "steps up to the newest count over which the turnover is averaged",
        "seven counts: single ones scatter, and none of before a change is left when points that crowd are judged",
    ),
    "few_again": Threshold(
        0.4,
        "share of the data's classes, or less, at which a generator that had more than half of them has few again",
        "around a half the estimate of 512 pictures goes up and down from count to count (measured)",
    ),
    "lone_mode": Threshold(
        1.2,
        "effective modes, or fewer, that count as a single one: of two modes even half is never undercut",
        "exp of the entropy of shares of 95 % and 5 % is 1.22",
    ),
    "settled": Threshold(
        0.1, "share of the points that changed their mode, below which they stay", "at rest it stays below (measured)"
    ),
    "most_modes": Threshold(
        0.75,
        "share of the data's modes, both captured and evenly filled, from which on a generator has had them",
        "half or fewer count as crowded; between the two nothing is said",
    ),
    "alike": Threshold(
        0.66,
        "share of the data's mean distance between two images, below which generated ones are much alike",
        "ones alone, the digits most alike, have 0.64 of it, any other digit alone 0.85 or more: what is less varied "
        "than one kind is noise around an image (measured)",
    ),
    "classes_steps": Threshold(
        200,
        "steps up to the newest count over which the effective classes of pictures are averaged",
        "two counts or more of a small network's pictures",
    ),
    "spread_images": Threshold(
        1000,
        "generator steps at least before images that are alike, or of few classes, are judged",
        "an untrained generator's images are all grey; of digits they part between steps 400 and 1,000, and are of "
        "most classes 500 later (measured)",
    ),
    "slow_images": Threshold(
        1.5,
        "the same factor from twice the steps on from which images are judged",
        "what parts by less by then stays of few kinds for long (measured); slow ones double theirs",
    ),
    "parting_images": Threshold(
        0.05,
        "share of the data's mean distance between two images, by which those of the last third differ more, or more",
        "images before a sure minimax discriminator drift by 0.03 and are all alike (measured)",
    ),
    "alike_again": Threshold(
        0.55,
        "share of the data's mean distance between two images, below which varied ones have become alike again",
        "single means of a resting generator's images differ by some hundredths",
    ),
    "turnover": Threshold(
        0.25,
        "share of the points that changed their mode within 100 steps, or more, on the mean of the measurements",
        "Metz et al. 2017, figure 2: a collapsed generator may rotate through the modes; at rest it stays below 0.1, "
        "and one that stays collapsed below 0.2 (measured)",
    ),
    "relapse": Threshold(
        1.5,
        "times the smallest W₁ of the run, or more: the points had come nearer to the data before",
        "of 256 points each, so that one in ten of a resting generator's readings is half as large again as the mean "
        "(the floor's band)",
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
    "outside_band": Threshold(
        1.2,
        "times the upper end of a perfect generator's band, which a threshold in floors is at least",
        "nine of ten readings lie within the band, and on distant blobs it ends at two floors",
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
    "flat_estimate": Threshold(
        1e-3,
        "share of the exact W₁ below which the size of an estimate says that the critic is flat, and its sign nothing",
        "in a small box (c = 0.01, three layers) it is 1e-5 and changes its sign from batch to batch (measured); where "
        "two networks swing it is a tenth and more",
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
