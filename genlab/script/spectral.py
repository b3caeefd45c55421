"""The part of a script that divides each layer of a critic by its largest singular value."""

from genlab.config import GANConfig

_CONVOLUTION_NORM = '''

class ConvolutionNorm(nn.Module):
    """Divide a kernel by the largest singular value of its convolution, of images of one shape (Gouk et al. 2021)."""

    def __init__(self, layer, shape):
        super().__init__()
        self.how = {"stride": layer.stride, "padding": layer.padding}
        u = layer(torch.zeros(1, *shape))
        self.u = F.normalize(torch.empty(u.shape).normal_().flatten(), dim=0).view(u.shape)
        self.v = F.normalize(torch.empty(1, *shape).normal_().flatten(), dim=0).view(1, *shape)
        self.iterate(layer.weight, 15)

    @torch.no_grad()
    def iterate(self, weight, steps):
        for _ in range(steps):
            self.u = F.conv2d(self.v, weight, **self.how)
            self.u = self.u / self.u.norm().clamp_min(1e-12)
            self.v = F.conv_transpose2d(self.u, weight, **self.how)
            self.v = self.v / self.v.norm().clamp_min(1e-12)

    def forward(self, weight):
        self.iterate(weight, 1)
        return weight / (self.u * F.conv2d(self.v, weight, **self.how)).sum()


'''
_TOLD = (
    "\n# Divide each layer of the critic by its largest singular value (Miyato et al. 2018)."
    "\ntorch.manual_seed(int(init.integers(2**31)))\n"
)
_LINEAR = "for layer in critic:\n    if isinstance(layer, nn.Linear):\n        spectral_norm(layer)"


def spectral_source(config: GANConfig) -> str:
    """What follows the initial weights of a critic with spectral normalisation."""
    if config.network != "conv":
        return _TOLD + _LINEAR
    return (
        f"{_CONVOLUTION_NORM}{_TOLD}shapes = iter([(1, 28, 28), (32, 14, 14)])\n{_LINEAR}\n"
        "    elif isinstance(layer, nn.Conv2d):\n"
        '        parametrize.register_parametrization(layer, "weight", ConvolutionNorm(layer, next(shapes)))'
    )
