"""A linear VAE is probabilistic PCA (Lucas et al. 2019): the objectives find its optimum and its collapse."""

import math

import pytest
import torch

from genlab.objectives import gaussian_kl, gaussian_reconstruction

EIGENVALUES = torch.tensor([4, 2, 1, 0.5, 0.3, 0.2], dtype=torch.float64)
N, K = 6, 3


def rotated_data() -> tuple[torch.Tensor, torch.Tensor]:
    """Twelve points whose covariance has exactly those eigenvalues, and its eigenvectors (columns)."""
    random = torch.Generator().manual_seed(1)
    axes, _ = torch.linalg.qr(torch.randn((N, N), generator=random, dtype=torch.float64))
    half = (N * EIGENVALUES).sqrt() * axes
    return torch.cat((half.T, -half.T)), axes


class LinearVAE:
    """q(z|x) = N(Vx, D), p(x|z) = N(Wz, σ²I), with free V, D, W and, if it is to be learnt, σ²."""

    def __init__(self, sigma_squared: float | None, seed: int = 0):
        random = torch.Generator().manual_seed(seed)
        self.x, self.axes = rotated_data()
        self.encoder = torch.randn((K, N), generator=random, dtype=torch.float64) * 0.5
        self.decoder = torch.randn((N, K), generator=random, dtype=torch.float64) * 0.5
        self.log_variance = torch.zeros(K, dtype=torch.float64)
        start = 1.0 if sigma_squared is None else sigma_squared
        self.log_sigma = torch.tensor(0.5 * math.log(start), dtype=torch.float64)
        self.parameters = [self.encoder, self.decoder, self.log_variance]
        if sigma_squared is None:
            self.parameters.append(self.log_sigma)
        for parameter in self.parameters:
            parameter.requires_grad_()

    def posterior(self):
        mean = self.x @ self.encoder.T
        return mean, self.log_variance.expand_as(mean)

    def expected_reconstruction(self):
        """E_q of a quadratic, exact from the 2k points μ ± √k·σⱼeⱼ."""
        mean, log_variance = self.posterior()
        steps = math.sqrt(K) * torch.diag_embed((0.5 * log_variance).exp())
        z = torch.cat((mean[:, None] + steps, mean[:, None] - steps), dim=1).reshape(-1, K)
        x = self.x.repeat_interleave(2 * K, dim=0)
        return gaussian_reconstruction(z @ self.decoder.T, x, self.log_sigma.exp()).mean()

    def kl(self):
        return gaussian_kl(*self.posterior()).mean(0)

    def train(self, beta: float = 1.0):
        optimizer = torch.optim.LBFGS(
            self.parameters, max_iter=3000, line_search_fn="strong_wolfe", tolerance_grad=1e-11, tolerance_change=0
        )

        def loss():
            optimizer.zero_grad()
            value = self.expected_reconstruction() + beta * self.kl().sum()
            value.backward()
            return value

        optimizer.step(loss)
        return self

    @property
    def sigma_squared(self) -> float:
        return math.exp(2 * self.log_sigma.item())

    @property
    def distortion(self) -> float:
        """E‖x − x̂‖²."""
        constant = 0.5 * N * math.log(2 * math.pi * self.sigma_squared)
        return 2 * self.sigma_squared * (self.expected_reconstruction().item() - constant)


def test_a_linear_vae_finds_the_principal_components():
    vae = LinearVAE(sigma_squared=None).train()
    sigma_squared = EIGENVALUES[K:].mean().item()
    elbo = -(vae.expected_reconstruction() + vae.kl().sum()).item()
    assert elbo == pytest.approx(-7.9054335, abs=1e-6)
    assert vae.sigma_squared == pytest.approx(sigma_squared, abs=1e-5)
    top = vae.axes[:, :K]
    expected = top @ torch.diag(EIGENVALUES[:K] - sigma_squared) @ top.T
    torch.testing.assert_close(vae.decoder @ vae.decoder.T, expected, atol=1e-4, rtol=0)
    # A diagonal D removes the freedom to rotate: each latent is one component.
    variances = torch.sort(vae.log_variance.exp()).values
    torch.testing.assert_close(variances, sigma_squared / EIGENVALUES[:K], atol=1e-4, rtol=0)
    kl = torch.sort(vae.kl(), descending=True).values
    torch.testing.assert_close(kl, 0.5 * (EIGENVALUES[:K] / sigma_squared).log(), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("beta", "kl", "distortion"),
    [(0.5, 3.119162, 1.75), (1, 2.079442, 2.5), (2.5, 0.816577, 4.5), (5, 0.235002, 6.5)],
)
def test_the_kl_weight_sets_rate_and_distortion(beta, kl, distortion):
    vae = LinearVAE(sigma_squared=0.5).train(beta)
    assert vae.kl().sum().item() == pytest.approx(kl, abs=1e-4)
    assert vae.distortion == pytest.approx(distortion, abs=1e-3)


@pytest.mark.parametrize(("beta", "alive"), [(1.9, 3), (2.1, 2), (3.9, 2), (4.1, 1), (7.9, 1), (8.1, 0)])
def test_a_latent_collapses_exactly_when_its_eigenvalue_is_at_most_beta_sigma_squared(beta, alive):
    vae = LinearVAE(sigma_squared=0.5).train(beta)
    expected = 0.5 * (EIGENVALUES[:alive] / (beta * 0.5)).log()
    kl = torch.sort(vae.kl(), descending=True).values
    torch.testing.assert_close(kl[:alive], expected, atol=1e-4, rtol=0)
    # The smallest living latent has ½ ln(1/0.95) ≥ 0.006 nats here; a collapsed one has none.
    assert (kl[alive:] < 1e-4).all()
