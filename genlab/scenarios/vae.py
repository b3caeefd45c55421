"""Demonstrations of variational autoencoders: what their posteriors keep, and how they lose it."""

import numpy as np

from genlab.config import VAEConfig
from genlab.scenarios.evidence import Evidence
from genlab.scenarios.scenario import Scenario, Verdict


def learns_the_digits(evidence: Evidence) -> Verdict:
    """Better than any model without latents: such a one gets about −206 nats, the pixels' marginal entropy."""
    elbo, active = evidence.late("elbo"), evidence.history["active_units"][-1]
    return elbo > -185 and active == 2, {"elbo": elbo, "active_units": active}


def posterior_collapses(evidence: Evidence) -> Verdict:
    """The posterior is all but the prior: less than a tenth of a nat in all latents together."""
    kl = evidence.late("kl")
    return kl < 0.1, {"kl": kl}


def both_latents_are_active(evidence: Evidence) -> Verdict:
    """Of two latents two."""
    active = evidence.history["active_units"][-1]
    return active == 2, {"active_units": active}


def latents_are_awake(evidence: Evidence) -> Verdict:
    """At the end all latents together carry more than a tenth of a nat."""
    kl = evidence.late("kl")
    return kl > 0.1, {"kl": kl}


def uses_one_latent(evidence: Evidence) -> Verdict:
    """One latent carries more than a nat, the other less than a hundredth of one."""
    kl = evidence.history["kl_per_dim"]
    low, high = sorted(np.median(kl[-len(kl) // 4 :], axis=0))
    active = evidence.history["active_units"][-1]
    return active == 1 and high > 1 and low < 0.01, {"active_units": active, "kl_used": high, "kl_unused": low}


def generates_garbage(evidence: Evidence) -> Verdict:
    """Samples from the prior are more than two floors away from the data."""
    distance = evidence.wasserstein_in_floors()
    return distance > 2, {"wasserstein_exact/floor": distance, "kl": evidence.late("kl")}


VAE_SCENARIOS = (
    Scenario(
        "vae_digits",
        "A VAE that works",
        "With two latent dimensions, both active, the ELBO leaves that of a decoder that ignores z, −206, far behind.",
        VAEConfig(),
        300,
        learns_the_digits,
    ),
    Scenario(
        "vae_collapsed",
        "A collapsed posterior",
        "With β = 50 less than a tenth of a nat is left of the KL: q(z|x) is all but the prior, whatever the digit is.",
        VAEConfig(beta=50),
        300,
        posterior_collapses,
        cure={"beta": 1},
        cured_check=both_latents_are_active,
        cured_claim="At β = 1 both latents are active.",
        why="A latent pays β nats for each nat of KL, and no direction of the digits' pixels gains 50: the first is "
        "worth 33 (the largest variance λ₁ of the pixels in units of their noise).",
    ),
    Scenario(
        "vae_line",
        "A VAE finds one dimension",
        "The data lie along a line: one latent carries more than a nat, the other is not used, its KL below 0.01.",
        VAEConfig(data="line", width=64, batch_size=256),
        1200,
        uses_one_latent,
    ),
    Scenario(
        "vae_mean_over_pixels",
        "A mean where a sum belongs",
        "Averaging the reconstruction over 784 pixels beside a sum over latents collapses the posterior at β = 1.",
        VAEConfig(mistake="mean_over_pixels", width=100),
        200,
        posterior_collapses,
        cure={"mistake": "none"},
        cured_check=both_latents_are_active,
        cured_claim="With both terms summed, in nats, the same network keeps both latents active.",
        why="Dividing the data term by 784 moves the optimum as much as multiplying the KL by it: β = 784 in disguise.",
    ),
    Scenario(
        "vae_no_kl",
        "β = 0: an autoencoder",
        "Without the KL term the codes spread as they like, and samples from the prior lie two floors from the data or "
        "more.",
        VAEConfig(data="ring", beta=0, depth=2, width=64, batch_size=128, learning_rate=3e-3),
        800,
        generates_garbage,
        cure={"beta": 1},
        cured_claim="At β = 1 samples from the prior lie nearer to the data than two floors.",
        why="Nothing asks the codes to resemble N(0, I), so its draws land where the decoder was hardly trained.",
    ),
    Scenario(
        "vae_annealing",
        "Annealing wakes earlier",
        "With the full KL weight from the first step on, a deep VAE trained by plain SGD still sleeps after 210 steps.",
        VAEConfig(
            data="ring8_soft",
            sigma=0.62,
            depth=3,
            width=64,
            batch_size=64,
            optimizer="sgd",
            learning_rate=0.03,
            annealing_steps=200,
        ),
        210,
        posterior_collapses,
        cure={"annealing": "linear"},
        cured_check=latents_are_awake,
        cured_claim="With β ramped up from 0 over 200 steps the latents are awake by then.",
        why="Collapse is a saddle: at σ = 0.62 the KL's pull, σ² = 0.38, nearly cancels the data's, λ₁ = 0.50, so "
        "leaving it takes long; at β = 0 nothing pulls back.",
        later="By itself it wakes some hundred steps later, and ends as the annealed twin does: annealing saves time.",
    ),
)
