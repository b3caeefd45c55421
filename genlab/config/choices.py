"""The names among which a setting chooses, each with its label."""

POINTS = {
    "ring8": "Ring of 8 Gaussians (σ = 0.01)",
    "ring8_soft": "Ring of 8 Gaussians, soft (σ = 0.05)",
    "grid25": "Grid of 25 Gaussians (σ = 0.05)",
    "moons": "Two moons",
    "swissroll": "Swiss roll",
    "pinwheel": "Pinwheel",
    "checkerboard": "Checkerboard",
    "blobs": "Two distant blobs",
    "line": "Line",
    "ring": "Ring",
}
IMAGES = {
    "mnist": "MNIST digits (10,000, embedded)",
    "mnist_full": "MNIST digits (70,000, torchvision)",
    "fashion_mnist": "FashionMNIST (70,000, torchvision)",
}
DIGITS = ("mnist", "mnist_full")
"""Images that show digits."""
ACTIVATIONS = {"tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU (0.2)", "gelu": "GELU", "silu": "SiLU"}
OPTIMIZERS = {"sgd": "SGD", "momentum": "SGD with momentum", "rmsprop": "RMSProp", "adam": "Adam"}
CRITIC_OBJECTIVES = ("wgan", "wgan_gp")
"""Objectives whose critic estimates a Wasserstein distance; the others train a discriminator."""
