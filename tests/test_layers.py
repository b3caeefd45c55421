"""The gradient's way back through a critic, against networks whose gradients are known."""

import numpy as np
import pytest
import torch
from torch import nn

from genlab.config import GANConfig
from genlab.measures.layers import gradient_norms
from genlab.training import make_trainer


def linear(weight) -> nn.Linear:
    layer = nn.Linear(len(weight[0]), len(weight), dtype=torch.float64)
    layer.weight.data = torch.tensor(weight, dtype=torch.float64)
    return layer


def test_in_a_linear_network_each_layer_multiplies_the_gradient_by_its_transposed_matrix():
    first, second, last = [[3.0, 0.0], [0.0, 5.0]], [[0.0, 0.1], [0.1, 0.0]], [[6.0, 8.0]]
    network = nn.Sequential(*map(linear, (first, second, last)))
    norms = gradient_norms(network, torch.randn(7, 2, dtype=torch.float64))
    # (6, 8) → (0.8, 0.6) → (2.4, 3.0), the same for every example.
    assert norms == pytest.approx([np.hypot(2.4, 3.0), 1.0, 10.0], rel=1e-12)


def test_a_relu_that_is_off_stops_the_gradient_of_its_examples():
    network = nn.Sequential(linear([[1.0]]), nn.ReLU(), linear([[2.0]]))
    network[0].bias.data.zero_()
    x = torch.tensor([[-1.0], [-2.0], [-3.0], [4.0]], dtype=torch.float64)
    # A quarter of the examples passes 2, the others 0: the root of the mean square is 1.
    assert gradient_norms(network, x) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("c", [0.001, 0.01, 0.1])
def test_weights_at_plus_and_minus_c_change_the_gradient_by_c_times_the_root_of_half_the_width(c):
    width, layers = 512, 12
    random = torch.Generator().manual_seed(0)
    network = nn.Sequential(*(part for _ in range(layers) for part in (nn.Linear(width, width, bias=False), nn.ReLU())))
    network.append(nn.Linear(width, 1))
    for layer in network[::2]:
        signs = torch.randint(2, layer.weight.shape, generator=random) * 2 - 1
        layer.weight.data = c * signs.float()
    norms = gradient_norms(network.double(), torch.randn(16, width, generator=random, dtype=torch.float64))
    factors = norms[:-1] / norms[1:]
    # Half of the ReLUs pass, independently of the signs: a factor c·√(512/2) = 16c, with a spread of a few percent.
    assert factors == pytest.approx(np.full(layers, 16 * c), rel=0.2)


def test_looking_at_the_gradients_of_a_run_does_not_change_it():
    watched, alone = (make_trainer(GANConfig(critic_depth=12, generator_width=8, critic_width=8)) for _ in range(2))
    for trainer in (watched, alone):
        trainer.advance(3)
        if trainer is watched:
            assert watched.layer_gradient_norms().shape == (13,)
        trainer.advance(3)
    assert (watched.history()["critic_loss"] == alone.history()["critic_loss"]).all()
