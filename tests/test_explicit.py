"""The step that is written out by hand against autograd and torch.optim, in double precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.config import ACTIVATIONS, OPTIMIZERS, GANConfig
from genlab.models import FlatParameters, stack
from genlab.models.networks import mlp
from genlab.objectives import flipped, game, gradient_penalty, r1_penalty
from genlab.training.explicit.gan import GANStep
from genlab.training.explicit.optimizers import Optimizer
from genlab.training.explicit.program import HostProgram, Program

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


def network(sizes, activation, random, sigmoid=False):
    layers = mlp(sizes, activation).double()
    if sigmoid:
        layers.append(torch.nn.Sigmoid())
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random, dtype=torch.float64) * 0.7)
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
        nets = {name: stack(net, models) for name, net in nets.items()}
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
        last["scores"] = scores.detach()
        real_scores, fake_scores = scores.chunk(2)
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


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("models", [1, 3])
# More numbers than are updated at a time.
@pytest.mark.parametrize("numbers", [7, 40_000])
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
        gradient.copy_(torch.randn(gradient.shape, generator=random, dtype=torch.float64))
        program.play()
        for i, row in enumerate(alone):
            row.grad = gradient[i] if models > 1 else gradient
            theirs[i].step()
    for row, now in zip(alone, vector if models > 1 else [vector], strict=True):
        torch.testing.assert_close(now, row.detach(), **close)
