import numpy as np
import pytest
import torch

from genlab.config import GANConfig, VAEConfig
from genlab.data import points
from genlab.objectives.gan import lsgan_generator_loss, minimax_generator_loss, nonsaturating_generator_loss
from genlab.runtime import messages
from genlab.runtime.messages import decode, encode
from genlab.runtime.streams import STREAMS, View
from genlab.runtime.streams.both import SAMPLE_PARTS
from genlab.runtime.streams.vae import MANIFOLD_PARTS
from genlab.runtime.streams.view import CLOUD_PARTS, MAX_LATENT, ROWS
from genlab.training import Divergence, make_trainer

SMALL_GAN = {"generator_width": 16, "critic_width": 16, "batch_size": 32}
SMALL_VAE = {"width": 16, "batch_size": 32}
ALL = ("history", *STREAMS)

GAN_POINTS = {
    "real.xy": (1000, 2), "generated.xy": (1000, 2), "samples.xy": (1000, 2),
    "field.x": (41,), "field.y": (41,), "field.z": (41, 41), "arrows.xy": (60, 2), "arrows.gradient": (60, 2),
    "mesh.xy": (15, 15, 2), "weights.edges": (61,), "weights.counts": (60,), "layers.norm": (3, 2),
    "slopes.minimax": (200, 2), "slopes.practice": (200, 2),
}  # fmt: skip
GAN_IMAGES = {
    "real.images": (64, 28, 28), "samples.images": (64, 28, 28), "weights.edges": (61,), "weights.counts": (60,),
    "layers.norm": (3, 2), "slopes.minimax": (200, 2), "slopes.practice": (200, 2),
}  # fmt: skip
VAE_POINTS = {
    "real.xy": (1000, 2), "samples.xy": (1000, 2), "means.xy": (1000, 2), "latent.mean": (1000, 2),
    "latent.std": (1000, 2),
    "latent.xy": (1000, 2), "kl.dims": (2,), "kl.active": (2,), "reconstruction.input": (500, 2),
    "reconstruction.output": (500, 2), "manifold.xy": (15, 15, 2),
}  # fmt: skip
VAE_IMAGES = {
    "real.images": (64, 28, 28), "samples.images": (64, 28, 28), "latent.mean": (1000, 2), "latent.std": (1000, 2),
    "latent.label": (1000,), "kl.dims": (2,), "kl.active": (2,), "reconstruction.input": (16, 28, 28),
    "reconstruction.output": (16, 28, 28), "manifold.images": (225, 28, 28), "manifold.axis": (15,),
}  # fmt: skip


def trained(config, steps=3):
    trainer = make_trainer(config)
    trainer.advance(steps)
    return trainer


@pytest.mark.parametrize(
    "config, expected",
    [
        (GANConfig(**SMALL_GAN), GAN_POINTS),
        (GANConfig(data="mnist", **SMALL_GAN), GAN_IMAGES),
        (GANConfig(data="mnist", network="conv", batch_size=8), GAN_IMAGES),
        (VAEConfig(data="moons", **SMALL_VAE), VAE_POINTS),
        (VAEConfig(**SMALL_VAE), VAE_IMAGES),
        (
            VAEConfig(data="moons", latent_dim=1, **SMALL_VAE),
            VAE_POINTS | {"latent.mean": (1000, 1), "latent.std": (1000, 1), "manifold.xy": (1, 60, 2)}
            | {"kl.dims": (1,), "kl.active": (1,)},
        ),
        (GANConfig(noise_dim=1, noise="uniform", **SMALL_GAN), GAN_POINTS | {"mesh.xy": (1, 60, 2)}),
        (GANConfig(noise_dim=5, spectral_norm=True, **SMALL_GAN), GAN_POINTS),
    ],
    ids=lambda value: value.model if hasattr(value, "model") else "",
)  # fmt: skip
def test_each_model_has_the_arrays_of_its_streams(config, expected):
    arrays, last, info = View(trained(config)).draw(ALL)
    shown = {name: array.shape for name, array in arrays.items() if not name.startswith("history.")}
    assert shown == expected
    assert {array.shape for name, array in arrays.items() if name.startswith("history.")} == {(3,)}
    assert "history.kl_per_dim" not in arrays
    header, back = decode(encode({"last": last, "info": info}, arrays))
    assert back.keys() == arrays.keys()


def test_a_latent_space_without_a_plane_has_no_manifold():
    arrays, _, _ = View(trained(VAEConfig(latent_dim=5, **SMALL_VAE))).draw(("manifold", "latent"))
    assert arrays.keys() == {"latent.mean", "latent.std", "latent.label"}


def test_every_stream_that_a_browser_may_ask_for_exists():
    # The map's own stream is drawn of many models at once.
    assert set(messages.STREAMS) == {*ALL, "map", "bands"}


@pytest.mark.parametrize(
    "config",
    [GANConfig(spectral_norm=True, **SMALL_GAN), VAEConfig(data="moons", **SMALL_VAE)],
    ids=lambda config: config.model,
)
def test_looking_at_a_run_does_not_change_it(config):
    watched, alone = make_trainer(config), make_trainer(config)
    view = View(watched)
    for _ in range(3):
        watched.advance(5)
        view.draw(ALL, whole=False)
        view.decode([0.0] * 2)
        alone.advance(5)
    for name, curve in alone.history().items():
        if name != "seconds":
            assert np.array_equal(watched.history()[name], curve), name


def test_looking_at_a_run_leaves_the_global_random_state_alone():
    trainer = trained(GANConfig(**SMALL_GAN))
    before = torch.get_rng_state()
    View(trainer).draw(ALL)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_at_step_0_can_be_looked_at():
    for config in (GANConfig(**SMALL_GAN), VAEConfig(data="moons", **SMALL_VAE)):
        arrays, last, _ = View(make_trainer(config)).draw(ALL)
        assert arrays["history.step"].shape == (0,) and last == {}


def test_a_diagnosis_stands_for_a_second_while_the_run_trains_and_is_made_anew_at_rest():
    trainer = trained(VAEConfig(data="moons", **SMALL_VAE), steps=30)
    view = View(trainer)
    view.draw((), whole=False)
    first = view.diagnosis()
    assert first["name"] == "warming up" and first["saw"].startswith("Step 30:")
    trainer.advance(1)
    view.draw((), whole=False)
    assert view.diagnosis() == first
    view.draw((), whole=True)
    assert view.diagnosis()["saw"].startswith("Step 31:")


def test_a_changed_setting_and_a_divergence_reach_the_diagnosis():
    trainer = trained(VAEConfig(data="moons", **SMALL_VAE), steps=30)
    trainer.apply(beta=2)
    view = View(trainer)
    view.draw(())
    assert "Settings were changed at step 30." in view.diagnosis()["saw"]
    trainer.step, trainer.diverged = 31, Divergence(31, "loss")
    view.draw(())
    assert view.diagnosis()["name"] == "diverged" and "step 31" in view.diagnosis()["saw"]


def test_generated_points_come_from_the_same_noise_in_every_frame():
    trainer = trained(GANConfig(**SMALL_GAN))
    view = View(trainer)
    first = view.draw(("generated",))[0]["generated.xy"]
    assert np.array_equal(first, view.draw(("generated",))[0]["generated.xy"])
    trainer.advance(5)
    assert not np.array_equal(first, view.draw(("generated",))[0]["generated.xy"])


def linear_critic(trainer, slope):
    """Replace what the critic says by slope · x."""
    trainer.critic = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        trainer.critic[0].weight.copy_(torch.tensor([slope]))


@pytest.mark.parametrize("objective", ["minimax", "nonsaturating", "lsgan", "wgan"])
def test_arrows_are_the_negative_gradient_of_the_chosen_loss(objective):
    """For f(x) = s·x the gradients are known: minimax σ(f)s, non-saturating σ(−f)s, LSGAN (c − f)s, WGAN s."""
    trainer = trained(GANConfig(objective=objective, lsgan_c=0.7, **SMALL_GAN))
    slope = [0.8, -1.7]
    linear_critic(trainer, slope)
    arrays, _, info = View(trainer).draw(("arrows",))
    score = arrays["arrows.xy"] @ np.array(slope)
    factor = {
        "minimax": 1 / (1 + np.exp(-score)),
        "nonsaturating": 1 / (1 + np.exp(score)),
        "lsgan": 0.7 - score,
        "wgan": np.ones_like(score),
    }[objective]
    expected = factor[:, None] * np.array(slope)
    # float32 sums of two products
    assert np.allclose(arrays["arrows.gradient"], expected, atol=1e-5)
    assert info["arrow_norm"] == pytest.approx(np.median(np.linalg.norm(expected, axis=1)), abs=0.05)


@pytest.mark.parametrize("objective, squashed", [("nonsaturating", True), ("lsgan", False), ("wgan", False)])
def test_the_field_is_a_probability_for_discriminators_and_a_score_for_critics(objective, squashed):
    trainer = trained(GANConfig(objective=objective, **SMALL_GAN))
    linear_critic(trainer, [1.0, 10.0])
    arrays, _, info = View(trainer).draw(("field",))
    x, y = np.meshgrid(arrays["field.x"], arrays["field.y"])
    score = x + 10 * y
    expected = 1 / (1 + np.exp(-score)) if squashed else score
    assert np.allclose(arrays["field.z"], expected, atol=1e-4)
    assert arrays["field.x"][-1] == pytest.approx(points("ring8_soft").extent)
    if objective == "wgan":
        assert info["field_centre"] == pytest.approx(0, abs=1e-4)
        assert 0 < info["field_span"] <= score.max()
    else:
        assert (info["field_centre"], info["field_span"]) == (0.5, 0.5)


def test_the_histogram_counts_every_weight_and_bias_between_bounds_that_show_the_clip():
    trainer = trained(GANConfig(objective="wgan", clip=0.01, **SMALL_GAN))
    arrays, _, info = View(trainer).draw(("weights",))
    assert arrays["weights.counts"].sum() == sum(p.numel() for p in trainer.critic.parameters())
    assert info["clip"] == 0.01
    assert arrays["weights.edges"][0] < -0.01 and arrays["weights.edges"][-1] > 0.01


def test_the_gradient_shrinks_from_layer_to_layer_by_the_size_of_the_weights():
    trainer = trained(GANConfig(critic_depth=3, activation="tanh", generator_width=8, critic_width=8))
    with torch.no_grad():
        for layer in trainer.critic[::2]:
            layer.weight.zero_()
            layer.bias.zero_()
            layer.weight.fill_diagonal_(0.01)
    layers = View(trainer).draw(("layers",))[0]["layers.norm"]
    # Near 0 tanh is the identity: of the four layers each passes on one hundredth.
    assert layers[:, 0].tolist() == [1, 2, 3, 4]
    assert layers[:, 1] == pytest.approx([1e-8, 1e-6, 1e-4, 1e-2], rel=1e-3)


@pytest.mark.parametrize("objective", ["minimax", "nonsaturating", "lsgan"])
def test_the_slopes_are_those_of_the_losses_at_the_same_discriminator(objective):
    trainer = trained(GANConfig(objective=objective, lsgan_c=0.8, **SMALL_GAN))
    arrays, _, info = View(trainer).draw(("slopes",))
    losses = {"minimax": minimax_generator_loss, "practice": nonsaturating_generator_loss}
    if objective == "lsgan":
        losses = {"squares": lambda score: lsgan_generator_loss(score, 0.8)}
    assert arrays.keys() == {f"slopes.{name}" for name in losses}
    for name, loss in losses.items():
        said, slope = torch.from_numpy(arrays[f"slopes.{name}"]).double().unbind(1)
        score = (said if objective == "lsgan" else torch.logit(said)).requires_grad_()
        (gradient,) = torch.autograd.grad(loss(score) * len(score), score)
        assert slope.numpy() == pytest.approx(gradient.abs().numpy(), abs=1e-5)
        assert info[f"slope_{name}"] == pytest.approx(float(slope.mean()), rel=1e-4)


def test_before_a_sure_discriminator_the_practice_loss_is_steep_and_minimax_flat():
    trainer = trained(GANConfig(**SMALL_GAN))
    with torch.no_grad():
        trainer.critic[-1].bias.sub_(8.0)
    info = View(trainer).draw(("slopes",))[2]
    assert info["slope_minimax"] < 1e-3 and info["slope_practice"] > 0.999


def test_a_critic_has_no_slopes_to_compare():
    assert View(trained(GANConfig(objective="wgan", **SMALL_GAN))).draw(("slopes",))[0] == {}


def test_weights_that_are_not_finite_do_not_stop_the_picture():
    trainer = trained(GANConfig(**SMALL_GAN))
    with torch.no_grad():
        for network in (trainer.critic, trainer.generator):
            for parameter in network.parameters():
                parameter.fill_(float("nan"))
    arrays, _, info = View(trainer).draw(ALL)
    assert arrays["weights.counts"].sum() == 0
    assert decode(encode({"info": info}, arrays))[0]["info"]["arrow_norm"] is None


def test_a_wgans_field_that_is_not_finite_still_makes_a_frame():
    trainer = trained(GANConfig(objective="wgan", **SMALL_GAN))
    linear_critic(trainer, [float("inf"), 0.0])
    arrays, last, info = View(trainer).draw(ALL)
    assert decode(encode({"info": info}, arrays))[0]["info"]["field_centre"] is None


def test_the_first_row_of_the_manifold_has_the_largest_second_latent():
    trainer = trained(VAEConfig(**SMALL_VAE))
    view = View(trainer)
    arrays, _, _ = view.draw(("manifold",))
    axis = arrays["manifold.axis"]
    assert (np.diff(axis) > 0).all()
    top_left = view.decode([axis[0], axis[-1]])["image"]
    bottom_right = view.decode([axis[-1], axis[0]])["image"]
    # one grey level: batches of different size round differently
    assert np.abs(arrays["manifold.images"][0].astype(int) - top_left).max() <= 1
    assert np.abs(arrays["manifold.images"][-1].astype(int) - bottom_right).max() <= 1


def test_the_mesh_runs_along_the_first_noise_number_in_its_rows():
    trainer = trained(GANConfig(**SMALL_GAN))
    view = View(trainer)
    mesh = view.draw(("mesh",))[0]["mesh.xy"]
    assert np.allclose(mesh[0, -1], view.decode([2.0, -2.0])["xy"], atol=1e-5)


def test_a_decoded_vector_is_clamped_before_numbers_overflow():
    view = View(trained(GANConfig(**SMALL_GAN)))
    assert np.array_equal(view.decode([1e30, 0.0])["xy"], view.decode([MAX_LATENT, 0.0])["xy"])


@pytest.mark.parametrize("config", [GANConfig(**SMALL_GAN), VAEConfig(**SMALL_VAE)], ids=lambda config: config.model)
def test_vectors_decoded_together_become_what_each_becomes_alone(config):
    view, vectors = View(trained(config)), [[0.0, 0.0], [1.5, -0.5], [-2.0, 0.25]]
    (together,) = view.decode(vectors).values()
    alone = [next(iter(view.decode(vector).values())) for vector in vectors]
    # A row of a product of matrices may round differently among others: by one grey value at most.
    assert np.allclose(together, alone, atol=1 if config.is_images else 1e-5)


def test_components_are_the_directions_in_which_the_means_vary_most():
    view = View(trained(VAEConfig(latent_dim=5, **SMALL_VAE), steps=20))
    arrays = view.draw(("latent", "components"))[0]
    means = arrays["latent.mean"] - arrays["latent.mean"].mean(axis=0)
    _, sizes, directions = np.linalg.svd(means.astype(np.float64), full_matrices=False)
    axes = arrays["components.axes"]
    assert axes.shape == (2, 5)
    assert np.allclose(np.abs(np.sum(axes * directions[:2], axis=1)), 1, atol=1e-4)
    assert np.allclose(arrays["components.shares"], sizes[:2] ** 2 / np.sum(sizes**2), atol=1e-4)


def test_components_do_not_flip_from_frame_to_frame():
    view = View(trained(VAEConfig(latent_dim=5, **SMALL_VAE), steps=20))
    before = view.draw(("components",))[0]["components.axes"].copy()
    view.trainer.advance(1)
    after = view.draw(("components",))[0]["components.axes"]
    assert (np.sum(before * after, axis=1) > 0).all()


def test_while_it_trains_the_cloud_of_images_is_renewed_in_parts():
    trainer = trained(VAEConfig(**SMALL_VAE))
    view = View(trainer)
    old = view.draw(("latent",), whole=True)[0]["latent.mean"].copy()
    trainer.advance(20)
    current = View(trainer).draw(("latent",))[0]["latent.mean"]
    part = view.draw(("latent",), whole=False)[0]["latent.mean"]
    renewed = (part != old).any(axis=1)
    assert renewed.sum() == len(old) / CLOUD_PARTS
    for _ in range(CLOUD_PARTS - 1):
        part = view.draw(("latent",), whole=False)[0]["latent.mean"]
    # batches of different size round differently
    assert np.allclose(part, current, atol=1e-4)


@pytest.mark.parametrize(("stream", "parts"), [("manifold", MANIFOLD_PARTS), ("samples", SAMPLE_PARTS)])
def test_while_it_trains_decoded_images_are_renewed_in_parts(stream, parts):
    trainer = trained(VAEConfig(**SMALL_VAE))
    view = View(trainer)
    old = view.draw((stream,))[0][f"{stream}.images"].copy()
    trainer.advance(50)
    current = View(trainer).draw((stream,))[0][f"{stream}.images"].astype(int)
    for part in range(parts):
        shown = view.draw((stream,), whole=False)[0][f"{stream}.images"]
        renewed = (shown != old).any(axis=(1, 2))
        assert renewed.sum() <= (part + 1) * len(old) / parts
    # one grey level: batches of different size round differently
    assert np.abs(shown - current).max() <= 1


def test_a_run_at_rest_shows_its_whole_present_cloud():
    trainer = trained(VAEConfig(**SMALL_VAE))
    view = View(trainer)
    view.draw(("latent",), whole=False)
    trainer.advance(20)
    mean, std = (view.draw(("latent",), whole=True)[0][f"latent.{name}"] for name in ("mean", "std"))
    with torch.no_grad():
        expected, log_variance = trainer.encoder(trainer.held_out)
    assert np.allclose(mean, expected.numpy(), atol=1e-5)
    assert np.allclose(std, torch.exp(0.5 * log_variance).numpy(), atol=1e-5)


def test_the_history_of_a_frame_fits_a_screen_and_keeps_spikes_and_the_last_row():
    trainer = trained(GANConfig(**SMALL_GAN), steps=1500)
    history = trainer.history()
    arrays, last, _ = View(trainer).draw(("history",))
    assert len(arrays["history.step"]) <= ROWS
    assert arrays["history.critic_loss"].max() == history["critic_loss"].max()
    assert arrays["history.critic_loss"].min() == history["critic_loss"].min()
    assert arrays["history.step"][-1] == 1500
    assert last["critic_loss"] == pytest.approx(float(history["critic_loss"][-1]))


def test_samples_of_points_carry_the_decoder_s_noise_and_their_means_do_not():
    trainer = trained(VAEConfig(data="line", sigma=0.3, **SMALL_VAE))
    arrays, _, _ = View(trainer).draw(("samples", "means"))
    noise = arrays["samples.xy"] - arrays["means.xy"]
    # 2,000 draws of N(0, σ²): the mean within five and the spread within five of their standard errors.
    assert abs(noise.mean()) < 5 * 0.3 / 2000**0.5 and noise.std() == pytest.approx(0.3, abs=5 * 0.3 / 4000**0.5)
    trainer.apply(sigma=0.6)
    again, _, _ = View(trainer).draw(("samples", "means"))
    assert again["samples.xy"] - again["means.xy"] == pytest.approx(2 * noise, abs=1e-5)


def test_the_active_units_beside_the_bars_are_those_of_the_bars():
    trainer = trained(VAEConfig(data="moons", **SMALL_VAE), steps=230)
    arrays, _, info = View(trainer).draw(("kl",))
    assert info["active_units"] == arrays["kl.active"].sum()


def test_the_levels_follow_the_decoder_s_noise():
    trainer = trained(VAEConfig(data="line", sigma=0.3, **SMALL_VAE))
    view = View(trainer)
    view.draw(())
    before = view.reference()["elbo_without_latents"]
    trainer.apply(sigma=1.0)
    view.draw(())
    assert view.reference()["elbo_without_latents"] == trainer.reference()["elbo_without_latents"] != before


def test_a_collapsed_latent_is_not_active_and_has_no_kl():
    """A KL weight far above the data's variance switches every latent off."""
    trainer = trained(VAEConfig(data="moons", beta=1000, learning_rate=0.01, **SMALL_VAE), steps=300)
    arrays, _, _ = View(trainer).draw(("kl",))
    assert arrays["kl.active"].tolist() == [0, 0]
    assert arrays["kl.dims"].max() < 0.01


def test_a_branch_is_judged_as_the_run_that_it_goes_on_from():
    trainer = trained(VAEConfig(**SMALL_VAE), steps=40)
    trainer.changes.append({"step": 40, "settings": {}, "note": "Branched from a run at step 40."})
    assert "Settings were changed" not in View(trainer).diagnosis()["saw"]
    trainer.apply(beta=2.0)
    assert "Settings were changed at step 40" in View(trainer).diagnosis()["saw"]
