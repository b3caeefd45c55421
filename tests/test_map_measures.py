"""What the colours of a map stand for: declared once, for the page and for the small map on a wall."""

import numpy as np
import pytest

from genlab.config import GANConfig, VAEConfig
from genlab.maps import Axis, MapConfig
from genlab.maps.jobs import make_job
from genlab.maps.measures import Measure, shown_colours, shown_measures
from genlab.runtime.streams import view_of
from genlab.runtime.streams.glance import glance_of_map
from genlab.training.divergence import Divergence

GAN = GANConfig(generator_width=4, critic_width=4, batch_size=8)
VAE = VAEConfig(data="moons", width=4, batch_size=8)


def trained(base, steps=25):
    axes = (Axis("seed", 0, 1, 2), Axis("batch_size", 8, 16, 2))
    job = make_job(MapConfig(base, *axes, steps=100))
    job.advance(steps)
    return job


def test_what_is_good_on_a_map_is_bright_whichever_end_it_is():
    measures = shown_measures(GANConfig()) | shown_measures(GANConfig(data="mnist")) | shown_measures(VAEConfig())
    assert {name for name, one in measures.items() if one.good == "low"} == {
        "wasserstein_exact", "reconstruction", "frechet_distance",
    }  # fmt: skip
    assert {"modes_captured", "high_quality", "elbo", "classes_covered"} <= {
        name for name, one in measures.items() if one.good == "high"
    }
    # A loss of a game is good at neither end, nor are few or many active units.
    assert {measures[name].good for name in ("critic_loss", "generator_loss", "kl", "active_units")} == {""}


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (GAN, "Exact W₁, bright is low"),
        (VAE, "Active units, bright is high"),
        (GAN.replace(data="mnist"), "Classes covered (of 10), bright is high"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_small_map_is_coloured_as_its_page_opens(base, told):
    job = trained(base)
    name, measure = next(iter(shown_colours(job.config).items()))
    header, arrays = glance_of_map(view_of(job))
    assert header["diagnosis"] == f"map: {told}"
    np.testing.assert_allclose(arrays["cells"].ravel(), measure.brightness(job.values()[name]), rtol=1e-6)
    assert np.isfinite(arrays["cells"]).all()


def test_what_no_model_has_reached_is_dark_and_what_every_model_has_is_bright():
    modes = Measure("Modes captured (of 8)", low=0, high=8, whole=True, good="high")
    assert modes.brightness(np.zeros(4)).tolist() == [0, 0, 0, 0]
    assert modes.brightness(np.full(4, 8.0)).tolist() == [1, 1, 1, 1]
    assert modes.brightness(np.array([0, 2, 4, np.nan])).tolist()[:3] == [0, 0.25, 0.5]


def test_a_distance_is_coloured_by_its_logarithm_and_the_small_one_is_bright():
    shares = Measure("Exact W₁", log=True, good="low").brightness(np.array([0.01, 0.1, 1.0, 0.0, np.inf, np.nan]))
    np.testing.assert_allclose(shares[:3], [1, 0.5, 0])
    assert np.isnan(shares[3:]).all()


def test_one_model_far_away_does_not_leave_the_others_alike():
    losses = np.append(np.linspace(0, 1, 39), 1e6)
    shares = Measure("Discriminator loss").brightness(losses)
    assert shares[-1] == 1 and np.ptp(shares[:20]) > 0.3


def test_a_model_that_diverged_is_marked_and_does_not_set_the_scale_of_the_others():
    job = trained(GAN)
    view = view_of(job)
    distances = job.values()["wasserstein_exact"]
    job.built[0].divergences[0] = Divergence(20, "critic_loss")
    gone = int(np.flatnonzero(job.diverged_at() >= 0)[0])
    _, arrays = glance_of_map(view)
    cells = arrays["cells"].ravel()
    assert cells[gone] == -1
    rest = np.delete(distances, gone)
    np.testing.assert_allclose(np.delete(cells, gone), Measure("", log=True, good="low").brightness(rest), rtol=1e-6)
