"""How a script reads its images or draws its points."""

from textwrap import dedent

from genlab.config import IMAGES, Config


def own_source(config: Config) -> str:
    """A person's own data, out of the file that is handed out beside the script."""
    read = (
        'with np.load(options.data) as file:\n    examples = file["train"]  # the other half, held_out, is not used\n'
    )
    if config.is_images:
        return (
            f"# The data: pictures, 28x28 grey values in [0, 1].\n{read}"
            "data = torch.from_numpy(examples.reshape(-1, 784).astype(np.float32) / 255)"
        )
    return f"# The data: points, half of the person's own.\n{read}data = torch.from_numpy(examples)"


def images_source(data: str) -> str:
    if data == "mnist":
        read = (
            "with np.load(options.images) as file:\n"
            '    pixels = file["images"][:-1000]  # the last 1,000 are held out\n'
        )
    else:
        read = "pixels = np.fromfile(options.images, np.uint8)[16:]  # a header of 16 bytes, then one byte a pixel\n"
    return (
        f"# The data: {IMAGES[data].split(' (')[0]}, 28x28 grey values in [0, 1].\n"
        f"{read}data = torch.from_numpy(pixels.reshape(-1, 784).astype(np.float32) / 255)"
    )


def points_source(config: Config) -> str:
    return (
        f"# The data: 20,000 points ({config.settings()['data'].word(config.data)}); another 1,000 are held out.\n"
        f"rng = np.random.default_rng([{config.seed}, 1])\n"
        f"n = 21_000\n{dedent(_SAMPLERS[config.data]).strip()}\n"
        "data = torch.from_numpy(points.astype(np.float32))[:20_000]"
    )


_CARTESIAN = "points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)"
_EIGHT = """
    angle = np.arange(8) * np.pi / 4
    modes = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = modes[rng.integers(8, size=n)] + {std} * rng.standard_normal((n, 2))
"""
_SAMPLERS = {
    "two_gaussians": """
        part = rng.choice(2, size=n, p=[0.5, 0.5])
        points = (np.array([-1, 1])[part] + 0.2 * rng.standard_normal(n))[:, None]
    """,
    "narrow_wide": """
        part = rng.choice(3, size=n, p=[0.4, 0.2, 0.4])
        mean, std = np.array([-1.5, 0.25, 1.5])[part], np.array([0.5, 0.05, 0.5])[part]
        points = (mean + std * rng.standard_normal(n))[:, None]
    """,
    "uniform": "points = rng.uniform(-1, 1, (n, 1))",
    "ring8": _EIGHT.format(std=0.01),
    "ring8_soft": _EIGHT.format(std=0.05),
    "grid25": """
        modes = np.array([(x, y) for y in range(-4, 5, 2) for x in range(-4, 5, 2)])
        points = modes[rng.integers(25, size=n)] + 0.05 * rng.standard_normal((n, 2))
    """,
    "moons": """
        side = 1 - 2 * rng.integers(2, size=n)  # 1: the upper moon, -1: the lower one
        radius = 1 + 0.08 * rng.standard_normal(n)
        angle = np.pi * rng.random(n)
        x, y = radius * np.cos(angle), side * radius * np.sin(angle)
        points = np.stack([x - 0.5 * side, y - 0.25 * side], axis=1)
    """,
    "swissroll": f"""
        angle = rng.uniform(1.5 * np.pi, 4.5 * np.pi, n)
        radius = angle / 7.5 + 0.035 * rng.standard_normal(n)
        {_CARTESIAN}
    """,
    "pinwheel": f"""
        x, y = 1.2 + 0.35 * rng.standard_normal(n), 0.08 * rng.standard_normal(n)
        blade = (np.arange(5) * 2 * np.pi / 5)[rng.integers(5, size=n)]
        radius = np.hypot(x, y)
        angle = np.arctan2(y, x) + (blade + radius)  # the farther out, the more it is turned
        {_CARTESIAN}
    """,
    "checkerboard": """
        dark = np.array([(x, y) for x in range(-2, 2) for y in range(-2, 2) if (x + y) % 2 == 0])
        points = dark[rng.integers(8, size=n)] + rng.random((n, 2))
    """,
    "blobs": """
        modes = np.array([(-1.5, -1.5), (1.5, 1.5)])
        points = modes[rng.integers(2, size=n)] + 0.15 * rng.standard_normal((n, 2))
    """,
    "line": """
        half = np.sqrt(2.0)
        along, across = rng.uniform(-half, half, n), 0.05 * rng.standard_normal(n)
        points = np.stack([along, across], axis=1) @ (np.array([[1, 1], [-1, 1]]) / half)
    """,
    "ring": f"""
        radius = 1 + 0.05 * rng.standard_normal(n)
        angle = 2 * np.pi * rng.random(n)
        {_CARTESIAN}
    """,
}
