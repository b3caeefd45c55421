"""The step that is written out by hand against autograd and torch.optim, in double precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.config import ACTIVATIONS, OPTIMIZERS, GANConfig, VAEConfig
from genlab.models import FlatParameters, stack
from genlab.models.networks import Encoder, mlp
from genlab.objectives import (
    bernoulli_reconstruction,
    flipped,
    free_bits,
    game,
    gaussian_kl,
    gaussian_reconstruction,
    gradient_penalty,
    r1_penalty,
)
from genlab.training.explicit.gan import GANStep
from genlab.training.explicit.optimizers import Optimizer
from genlab.training.explicit.program import HostProgram, Program
from genlab.training.explicit.vae import VAEStep

OBJECTIVES = ("minimax", "nonsaturating", "lsgan", "wgan", "wgan_gp")
LIVE = ("clip", "gp_weight", "r1_weight", "lsgan_a", "lsgan_b", "lsgan_c")
TORCHS = {
    "sgd": lambda p, lr, b1, b2: torch.optim.SGD(p, lr=lr),
    "momentum": lambda p, lr, b1, b2: torch.optim.SGD(p, lr=lr, momentum=b1),
    "rmsprop": lambda p, lr, b1, b2: torch.optim.RMSprop(p, lr=lr, alpha=b2),
    "adam": lambda p, lr, b1, b2: torch.optim.Adam(p, lr=lr, betas=(b1, b2)),
}
close = {"rtol": 1e-9, "atol": 1e-9}


PROGRAMS = {"torch": Program, "host": HostProgram}


def network(sizes, activation, random, sigmoid=False, scale=0.7):
    layers = mlp(sizes, activation).double()
    if sigmoid:
        layers.append(torch.nn.Sigmoid())
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random, dtype=torch.float64) * scale)
    return layers


def networks(config, examples, random):
    def hidden(name):
        return [getattr(config, f"{name}_width")] * getattr(config, f"{name}_depth")

    sizes = [config.noise_dim, *hidden("generator"), examples]
    return {
        "generator": network(sizes, config.activation, random, config.is_images),
        "critic": network([examples, *hidden("critic"), 1], config.activation, random),
    }


def live_of(configs):
    column = lambda name: torch.tensor([[getattr(c, name) or 0.0] for c in configs], dtype=torch.float64)  # noqa: E731
    live = {name: column(name) for name in LIVE}
    live["minus_clip"] = -live["clip"]
    return live if len(configs) > 1 else {name: tensor[0] for name, tensor in live.items()}


def game_of(config, live):
    found = game(config.objective, *(live[f"lsgan_{target}"] for target in "abc"))
    return flipped(found) if config.mistake == "flipped_sign" else found


def hyper(config, name):
    return [getattr(config, f"{name}_{setting}") for setting in ("learning_rate", "beta1", "beta2")]


def explicit(configs, nets, data, kind):
    """A step for as many models as there are settings; all begin with the same weights."""
    config, models = configs[0], len(configs)
    if models > 1:
        nets = {name: stack([net] * models) for name, net in nets.items()}
    weights = {name: FlatParameters([nets[name]], int(models > 1)) for name in ("critic", "generator")}
    optimizers = {}
    for name, flat in weights.items():
        optimizers[name] = Optimizer(getattr(config, f"{name}_optimizer"), flat.vector.data, flat.gradient)
        columns = torch.tensor([hyper(c, name) for c in configs], dtype=torch.float64).T.unsqueeze(-1)
        optimizers[name].set(*(columns if models > 1 else columns.squeeze(1)))
    live = live_of(configs)
    return GANStep(config, data, weights, optimizers, live, game_of(config, live), PROGRAMS[kind]())


def reference(config, nets, data, optimizers, inputs):
    """The same step in autograd's words."""
    critic, generator = nets["critic"], nets["generator"]
    its = game_of(config, {name: tensor.squeeze() for name, tensor in live_of([config]).items()})
    last = {}

    def towards_generator():
        scores = critic(generator(inputs["generator_noise"])).squeeze(1)
        gradients = torch.autograd.grad(its.generator_loss(scores), list(generator.parameters()))
        for parameter, gradient in zip(generator.parameters(), gradients, strict=True):
            parameter.grad = gradient
        last["generator_scores"] = scores.detach()

    for turn in range(config.n_critic):
        real = data[inputs["index"][turn]].requires_grad_()
        fake = generator(inputs["critic_noise"][turn]).detach()
        scores = critic(torch.cat((real, fake))).squeeze(1)
        real_scores, fake_scores = scores.chunk(2)
        last["scores"] = torch.stack((real_scores, fake_scores), dim=1).detach().flatten()
        loss = its.critic_loss(real_scores, fake_scores)
        if config.objective == "wgan_gp" and config.gp_weight:
            loss = loss + config.gp_weight * gradient_penalty(critic, real, fake, inputs["mix"][turn])
        if config.r1_weight:
            loss = loss + config.r1_weight * r1_penalty(real_scores, real)
        gradients = torch.autograd.grad(loss, list(critic.parameters()))
        for parameter, gradient in zip(critic.parameters(), gradients, strict=True):
            parameter.grad = gradient
        if config.updates == "simultaneous" and turn == config.n_critic - 1:
            towards_generator()
        with torch.no_grad():
            if config.mistake == "clipped_gradients" and config.objective == "wgan" and config.clip:
                for parameter in critic.parameters():
                    parameter.grad.clamp_(-config.clip, config.clip)
            optimizers["critic"].step()
            if config.clips_weights:
                for parameter in critic.parameters():
                    parameter.clamp_(-config.clip, config.clip)
    if config.updates == "alternating":
        towards_generator()
    optimizers["generator"].step()
    return last


def draw(step, data, random):
    for name, tensor in step.inputs.items():
        if name == "index":
            tensor.copy_(torch.randint(len(data), tensor.shape, generator=random))
        else:
            tensor.copy_(torch.rand(tensor.shape, generator=random, dtype=torch.float64) * (1 if name == "mix" else 3))


def assert_same(nets, expected, place=None):
    for name, net in nets.items():
        for one, other in zip(net.parameters(), expected[name].parameters(), strict=True):
            torch.testing.assert_close(one.detach() if place is None else one.detach()[place], other.detach(), **close)


def assert_same_step(configs, seed=0, kind="host", steps=3):
    config, random = configs[0], torch.Generator().manual_seed(seed)
    examples = 784 if config.is_images else 2
    data = torch.rand((50, examples), generator=random, dtype=torch.float64)
    state = random.get_state()
    nets = networks(config, examples, random)
    step = explicit(configs, nets, data, kind)
    alone = []
    for its in configs:
        random.set_state(state)
        mine = networks(its, examples, random)
        optimizers = {
            name: TORCHS[getattr(its, f"{name}_optimizer")](list(net.parameters()), *hyper(its, name))
            for name, net in mine.items()
        }
        alone.append((its, mine, optimizers))
    for _ in range(steps):
        draw(step, data, random)
        step.program.play()
        for place, (its, mine, optimizers) in enumerate(alone):
            last = reference(its, mine, data, optimizers, step.inputs)
            of_one = None if len(configs) == 1 else place
            assert_same(nets, mine, of_one)
            record = step.record if of_one is None else step.record[place]
            for name, scores in last.items():
                torch.testing.assert_close(record[step.recorded[name]], scores, **close)
            for name in mine:
                norm = sum(float(parameter.grad.square().sum()) for parameter in mine[name].parameters()) ** 0.5
                assert float(record[step.recorded[f"{name}_norm"]]) == pytest.approx(norm, rel=1e-9)


SMALL = {
    "generator_width": 5, "critic_width": 4, "batch_size": 6, "noise_dim": 3, "critic_learning_rate": 0.01,
    "generator_learning_rate": 0.02, "critic_beta1": 0.6, "generator_beta1": 0.3, "critic_beta2": 0.97,
    # Adam and RMSProp divide by a gradient's size: where it is rounding alone they make it large.
    "critic_optimizer": "momentum", "generator_optimizer": "sgd",
}  # fmt: skip


@st.composite
def gans(draw):
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    return GANConfig(
        **SMALL
        | {
            "objective": pick(*OBJECTIVES), "activation": pick(*ACTIVATIONS), "n_critic": pick(1, 2, 3),
            "updates": pick("alternating", "simultaneous"), "r1_weight": pick(0.0, 0.3), "gp_weight": pick(0.0, 0.7),
            "clip": pick(None, 0.3), "critic_optimizer": pick("sgd", "momentum"),
            "generator_optimizer": pick("sgd", "momentum"), "critic_depth": pick(1, 2, 3),
            "generator_depth": pick(1, 2), "critic_width": pick(2, 4, 7), "batch_size": pick(1, 2, 6),
            "mistake": pick("none", "none", "flipped_sign", "clipped_gradients"),
            "lsgan_a": pick(0.0, -0.5), "lsgan_c": pick(1.0, 0.2),
        }
    )  # fmt: skip


PENALTIES = [{"objective": "wgan_gp"}, {"r1_weight": 2.0}, {"objective": "wgan_gp", "r1_weight": 2.0}]


@pytest.mark.parametrize("kind", PROGRAMS)
@settings(max_examples=40, deadline=None)
@given(config=gans(), seed=st.integers(0, 2**20))
def test_a_gans_step_is_that_of_autograd(kind, config, seed):
    assert_same_step([config], seed, kind)


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("penalties", PENALTIES, ids=str)
def test_penalties_bend_every_activation_as_autograd_says(kind, activation, penalties):
    config = GANConfig(**SMALL, activation=activation, critic_depth=3, n_critic=2, **penalties)
    assert_same_step([config], kind=kind)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_images_go_through_a_sigmoid(activation):
    assert_same_step([GANConfig(**SMALL, data="mnist", activation=activation, objective="wgan", n_critic=2, clip=0.3)])


@pytest.mark.parametrize("kind", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(config=gans(), seed=st.integers(0, 2**20))
def test_each_model_of_a_stack_takes_its_own_step(kind, config, seed):
    more = {"critic_learning_rate": 0.03, "generator_beta1": 0.8, "critic_beta2": 0.9, "lsgan_b": 0.6}
    more |= {name: getattr(config, name) * 2 for name in ("r1_weight", "gp_weight", "clip") if getattr(config, name)}
    assert_same_step([config, config.replace(**more), config.replace(generator_learning_rate=0.2)], seed, kind)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_many_steps_in_a_row_are_those_of_autograd(objective, optimizer):
    settings = {"critic_optimizer": optimizer, "generator_optimizer": optimizer, "n_critic": 2, "r1_weight": 0.1}
    assert_same_step([GANConfig(**SMALL | settings, objective=objective, critic_depth=3, clip=0.3)], steps=50)


def vae_networks(config, examples, random):
    hidden = [config.width] * config.depth
    return {
        "encoder": Encoder(network([examples, *hidden, 2 * config.latent_dim], config.activation, random, scale=0.2)),
        "decoder": network([config.latent_dim, *hidden, examples], config.activation, random, scale=0.2),
    }


def vae_loss(config, nets, x, epsilon, beta):
    """(loss, reconstruction, KL of each latent) in autograd's words."""
    mean, log_variance = nets["encoder"](x)
    decoded = nets["decoder"](mean + torch.exp(0.5 * log_variance) * epsilon)
    if config.is_images:
        reconstruction = bernoulli_reconstruction(decoded, x).mean()
    else:
        reconstruction = gaussian_reconstruction(decoded, x, config.sigma).mean()
    kl = gaussian_kl(mean, log_variance).mean(0)
    data = reconstruction / x.shape[1] if config.mistake == "mean_over_pixels" else reconstruction
    return data + beta * free_bits(kl, config.free_bits), reconstruction, kl


def assert_same_vae(configs, seed=0, kind="host"):
    config, random, models = configs[0], torch.Generator().manual_seed(seed), len(configs)
    examples = 784 if config.is_images else 2
    data = torch.rand((30, examples), generator=random, dtype=torch.float64)
    state = random.get_state()
    nets = vae_networks(config, examples, random)
    if models > 1:
        nets = {name: stack([net] * models) for name, net in nets.items()}
    flat = FlatParameters(nets.values(), int(models > 1))
    optimizer = Optimizer("sgd", flat.vector.data, flat.gradient)
    columns = torch.tensor([[c.sigma, c.free_bits, c.learning_rate] for c in configs], dtype=torch.float64).T
    sigma, floor, rate = columns.unsqueeze(-1) if models > 1 else columns
    optimizer.set(rate, 0.0, 0.0)
    step = VAEStep(config, data, flat, optimizer, {"sigma": sigma, "free_bits": floor}, PROGRAMS[kind]())
    alone = []
    for its in configs:
        random.set_state(state)
        alone.append((its, vae_networks(its, examples, random)))
    for turn in range(3):
        step.inputs["index"].copy_(torch.randint(len(data), step.inputs["index"].shape, generator=random))
        step.inputs["epsilon"].copy_(torch.randn(step.inputs["epsilon"].shape, generator=random, dtype=torch.float64))
        step.inputs["beta"].copy_(
            torch.tensor([c.beta * (turn + 1) for c in configs], dtype=torch.float64).view_as(step.inputs["beta"])
        )
        step.program.play()
        for place, (its, mine) in enumerate(alone):
            x = data[step.inputs["index"]]
            loss, reconstruction, kl = vae_loss(its, mine, x, step.inputs["epsilon"], its.beta * (turn + 1))
            parameters = [parameter for net in mine.values() for parameter in net.parameters()]
            for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                parameter.data.sub_(its.learning_rate * gradient)
            assert_same(nets, mine, place if models > 1 else None)
            record = step.record[place] if models > 1 else step.record
            constant = 0 if its.is_images else examples * np.log(its.sigma * np.sqrt(2 * np.pi))
            expected = torch.cat((torch.stack((reconstruction - constant, step.inputs["beta"].flatten()[place])), kl))
            torch.testing.assert_close(record, expected.detach(), **close)


@st.composite
def vaes(draw):
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    return VAEConfig(
        data=pick("moons", "mnist"), activation=pick(*ACTIVATIONS), latent_dim=pick(1, 2, 3), depth=pick(1, 2),
        width=pick(2, 5), batch_size=pick(1, 4, 7), sigma=pick(0.3, 1.0), free_bits=pick(0.0, 0.5, 3.0),
        learning_rate=0.001, beta=pick(0.0, 0.7, 4.0), mistake=pick("none", "mean_over_pixels"),
    )  # fmt: skip


@pytest.mark.parametrize("kind", PROGRAMS)
@settings(max_examples=30, deadline=None)
@given(config=vaes(), seed=st.integers(0, 2**20))
def test_a_vaes_step_is_that_of_autograd(kind, config, seed):
    assert_same_vae([config], seed, kind)


@pytest.mark.parametrize("kind", PROGRAMS)
@settings(max_examples=10, deadline=None)
@given(config=vaes(), seed=st.integers(0, 2**20))
def test_each_vae_of_a_stack_takes_its_own_step(kind, config, seed):
    more = {"learning_rate": 0.0005, "beta": 2.0, "sigma": 0.5, "free_bits": 0.2}
    assert_same_vae([config, config.replace(**more)], seed, kind)


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("models", [1, 3])
# More numbers than are updated at a time.
@pytest.mark.parametrize("numbers", [7, 40_000, 70_000])
def test_each_optimizer_takes_the_steps_of_torchs_own(kind, optimizer, models, numbers):
    random = torch.Generator().manual_seed(1)
    rows = torch.randn((models, numbers), generator=random, dtype=torch.float64)
    values = torch.tensor([[0.1, 0.01, 1.0], [0.5, 0.9, 0.0], [0.9, 0.99, 0.5]], dtype=torch.float64)[:, :models]
    vector = rows.clone() if models > 1 else rows[0].clone()
    gradient = torch.empty_like(vector)
    mine, program = Optimizer(optimizer, vector, gradient), PROGRAMS[kind]()
    mine.set(*(value.unsqueeze(1) if models > 1 else float(value) for value in values))
    with program.stage("update"):
        mine.write(program)
    alone = [row.clone().requires_grad_() for row in rows]
    theirs = [TORCHS[optimizer]([row], *(float(v[i]) for v in values)) for i, row in enumerate(alone)]
    for _ in range(5):
        drawn = torch.randn(gradient.shape, generator=random, dtype=torch.float64)
        gradient.copy_(drawn)
        program.play()
        # Its norm is recorded behind the update.
        assert torch.equal(gradient, drawn)
        for i, row in enumerate(alone):
            row.grad = drawn[i] if models > 1 else drawn
            theirs[i].step()
    for row, now in zip(alone, vector if models > 1 else [vector], strict=True):
        torch.testing.assert_close(now, row.detach(), **close)
