"""The evidence identity in one-dimensional latent models."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, skewnorm

from genlab.theory.evidence import (
    LATENT,
    MODELS,
    AbsoluteModel,
    LinearModel,
    SquareModel,
    ascend,
    best_gaussian,
    best_gaussians,
    elbo,
    elbo_surface,
    evidence,
    gaps,
)

QS = [(0.0, 1.0), (0.7, 0.4), (-2.0, 0.1), (1.5, 2.0)]


@pytest.mark.parametrize("x", [-1.0, 0.3, 2.5])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("m", "s"), QS)
def test_elbo_and_posterior_kl_add_up_to_the_evidence(name, x, m, s):
    terms = evidence(MODELS[name](), x, m, s)
    assert terms.posterior_kl >= 0
    # the kink of |z| costs the trapezoid rule the square of its spacing, 2e-5 at the widest q
    assert terms.residual == pytest.approx(0, abs=2e-5 if name == "absolute" else 1e-9)


@pytest.mark.parametrize("x", [-2.0, 0.0, 3.0])
def test_the_linear_model_has_the_evidence_and_the_posterior_of_probabilistic_pca(x):
    model = LinearModel(noise=0.6, weight=1.7, bias=0.4)
    assert model.log_evidence(x) == pytest.approx(norm.logpdf(x, 0.4, np.hypot(1.7, 0.6)), abs=1e-12)
    mean, std = model.posterior(x)
    np.testing.assert_allclose(model.log_posterior(LATENT, x), norm.logpdf(LATENT, mean, std), atol=1e-9)
    terms = evidence(model, x, mean, std)
    assert terms.posterior_kl == pytest.approx(0, abs=1e-12)
    assert terms.elbo == pytest.approx(terms.log_evidence, abs=1e-12)


@pytest.mark.parametrize("x", [-0.5, 0.4, 2.0])
def test_the_nonlinear_models_have_the_evidence_of_an_independent_integration(x):
    s = 0.3
    folded = AbsoluteModel(s).log_evidence(x)
    assert folded == pytest.approx(skewnorm.logpdf(x, 1 / s, scale=np.hypot(1, s)), abs=1e-9)
    joint = quad(lambda z: norm.pdf(z) * norm.pdf(x, z**2, s), -8, 8, limit=500, points=(-1.4, 0, 1.4), epsabs=1e-13)[0]
    assert SquareModel(s).log_evidence(x) == pytest.approx(np.log(joint), abs=1e-9)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("m", "s"), QS)
def test_the_data_term_is_the_expected_log_likelihood(name, m, s):
    model, x = MODELS[name](0.5), 1.2
    integrand = lambda z: norm.pdf(z, m, s) * norm.logpdf(x, model.decode(z), model.noise)  # noqa: E731
    expected = quad(integrand, m - 9 * s, m + 9 * s, points=(0, m), limit=200)[0]
    assert evidence(model, x, m, s).data_term == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("m", "s"), QS)
def test_the_slopes_of_the_elbo_are_those_of_its_value(name, m, s):
    model, x, h = MODELS[name](0.5), 1.2, 1e-5
    value, in_m, in_log_s = elbo(model, x, m, s)
    assert value == pytest.approx(evidence(model, x, m, s).elbo, rel=1e-12)
    by_m = (elbo(model, x, m + h, s)[0] - elbo(model, x, m - h, s)[0]) / (2 * h)
    by_s = (elbo(model, x, m, s * np.exp(h))[0] - elbo(model, x, m, s * np.exp(-h))[0]) / (2 * h)
    assert (in_m, in_log_s) == (pytest.approx(by_m, rel=1e-6, abs=1e-6), pytest.approx(by_s, rel=1e-6, abs=1e-6))


@pytest.mark.parametrize("name", MODELS)
def test_the_surface_of_the_elbo_is_its_value_at_every_q(name):
    model, means, stds = MODELS[name](0.4), [-1.0, 0.2, 2.0], [0.3, 1.5]
    surface = elbo_surface(model, 1.2, means, stds)
    np.testing.assert_allclose(surface, [[elbo(model, 1.2, m, s)[0] for m in means] for s in stds], rtol=1e-12)


def test_q_climbs_to_the_exact_posterior_of_a_linear_model():
    model = LinearModel(0.5, 1.5, -0.2)
    way = ascend(model, 2.0, -3.0, 2.0)
    assert (np.diff(way.elbos) > 0).all()
    # it stops when a step gains 1e-13 nats, which is when q is 1e-6 away
    assert (way.means[-1], way.stds[-1]) == pytest.approx(model.posterior(2.0), abs=2e-6)
    assert gaps(model, 2.0, 0.0, 1.0).approximation == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", [SquareModel(0.2), AbsoluteModel(0.2)], ids=lambda model: model.name)
def test_two_distant_modes_leave_a_gap_of_log_2_that_no_gaussian_closes(model):
    m, s, best = best_gaussian(model, 3.0)
    # one mode of two equal ones: KL = log 2, and a little more for the bent likelihood of z²
    assert model.log_evidence(3.0) - best == pytest.approx(np.log(2), abs=2e-3)
    grid = [elbo(model, 3.0, a, b)[0] for a in np.linspace(-4, 4, 81) for b in np.geomspace(0.02, 3, 40)]
    assert best >= max(grid)
    mode = LATENT[np.argmax(model.log_joint(LATENT, 3.0))]
    assert abs(m) == pytest.approx(abs(mode), abs=0.02)


def test_two_equal_modes_have_two_best_gaussians_and_one_mode_has_one():
    (left, s_left, _), (right, s_right, _) = sorted(best_gaussians(SquareModel(0.2), 3.0))
    assert (left, s_left) == pytest.approx((-right, s_right), abs=1e-4) and right > 1
    assert len(best_gaussians(LinearModel(0.5), 2.0)) == len(best_gaussians(AbsoluteModel(0.6), 1.0)) == 1


@pytest.mark.parametrize("name", MODELS)
def test_the_two_gaps_add_up_to_the_posterior_kl(name):
    model = MODELS[name](0.4)
    both = gaps(model, 1.0, 0.2, 0.8)
    assert both.approximation > -1e-9 and both.amortisation > 0
    assert both.approximation + both.amortisation == pytest.approx(
        evidence(model, 1.0, 0.2, 0.8).posterior_kl, abs=1e-5
    )


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="noise is 0.01: it must be at least 0.05"):
        LinearModel(0.01)
    with pytest.raises(ValueError, match="σ of q is 0"):
        evidence(LinearModel(), 0.0, 0.0, 0)
