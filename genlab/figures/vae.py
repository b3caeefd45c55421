"""The pictures of a VAE: loss terms, the latent plane, reconstructions, samples, the decoded manifold, KL bars."""

from math import cos, exp, pi, sin, sqrt

from genlab.config import VAEConfig
from genlab.data.points import points
from genlab.figures.palette import CLASS_SYMBOLS, POSITION_SCALE
from genlab.figures.panels import DRAWN, Panel, View, axes, dots, layer, lines, series, term

GRID = {
    "narrow": '"main terms" minmax(0, 1fr) "main more" minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr)',
    "wide": (
        '"main terms more" minmax(0, 1fr) "main elbo second" minmax(0, 1fr)'
        " / minmax(0, 1.45fr) minmax(0, 1fr) minmax(0, 1fr)"
    ),
}
ELLIPSES = 40
"""Posterior ellipses drawn: enough to see their size, few enough to see through."""
RECONSTRUCTED = 300
"""Points drawn with their reconstruction."""
PRIOR_REACH = 3.0
"""Half-width of the latent plane at least: the prior's 3σ."""


def vae_view(config: VAEConfig) -> View:
    """Everything that the VAE page shows of a run with these settings."""
    latent = _latent_line(config) if config.latent_dim == 1 else _latent_plane(config)
    pictures = _image_panels(config) if config.is_images else [_data_plane(config)]
    main = [latent, *pictures] if config.is_images else [*pictures, latent]
    return View("vae", (*main, *_curves(config), _kl_bars()), GRID, vae_formula(config))


def _latent_plane(config: VAEConfig) -> Panel:
    marked = _by_class() if config.is_images else _by_position()
    first = len(marked["data"])
    x, y = _circles()
    data = [*marked["data"], lines("@prior", 1.6, "prior", x=x, y=y), lines("@muted", 1.2, "q(z|x)")]
    bind = [
        *marked["bind"],
        {
            "use": "ellipses", "trace": first + 1, "arrays": {"mean": "latent.mean", "std": "latent.std"},
            "columns": [0, 1], "count": ELLIPSES,
        },
        {"use": "plane", "arrays": {"points": "latent.mean"}, "least": PRIOR_REACH},
    ]  # fmt: skip
    layers = [
        layer("means", "means μ(x)", list(range(first)), "@real", "●"),
        layer("ellipses", f"q(z|x) of {ELLIPSES}, 1σ", [first + 1], "@muted", "◌"),
        layer("prior", "prior 1σ, 2σ", [first], "@prior", "◎"),
    ]
    return Panel(
        "latent", "plot", "Latent plane", _latent_area(config), ("latent",),
        {
            "figure": {"data": data, "layout": axes("z₁", "z₂", extent=PRIOR_REACH)},
            "bind": bind, "layers": layers, "caption": _which_latents(config) + marked["caption"],
        },
    )  # fmt: skip


def _latent_area(config: VAEConfig) -> tuple[str, str]:
    """With points the data plane is the main picture, and a wide screen has room for the latents beside it."""
    return ("main", "main") if config.is_images else ("main", "more")


def _which_latents(config: VAEConfig) -> str:
    return f"Shown: the first two of {config.latent_dim} latents. " if config.latent_dim > 2 else ""


def _by_class() -> dict:
    data = [dots(f"@class{c}", symbol, 6, f"class {c}") for c, symbol in enumerate(CLASS_SYMBOLS)]
    arrays = {"points": "latent.mean", "labels": "latent.label"}
    common = {"arrays": arrays, "columns": [0, 1], "count": DRAWN}
    bind = [{"use": "ofClass", "trace": c, "class": c, **common} for c in range(len(data))]
    names = {
        "type": "scatter", "mode": "text", "name": "class", "x": [], "y": [], "hoverinfo": "skip",
        "textfont": {"size": 22, "color": "@text", "weight": 700, "shadow": "0 0 4px @background, 0 0 4px @background"},
    }  # fmt: skip
    bind.append({"use": "classNames", "trace": len(data), **common})
    caption = "Held-out examples; colour and mark: their class, whose number stands at its median."
    return {"data": [*data, names], "bind": bind, "caption": caption}


def _by_position() -> dict:
    data = [dots(_position_colours(), "circle", 6, "μ(x)")]
    bind = [
        {"use": "columns", "trace": 0, "arrays": {"points": "latent.mean"}, "columns": [0, 1], "count": DRAWN},
        {"use": "angle", "trace": 0, "arrays": {"positions": "latent.xy"}, "count": DRAWN},
    ]
    return {"data": data, "bind": bind, "caption": "Held-out points; colour: the angle of x, as in the data plane."}


def _position_colours() -> dict:
    return {"color": [], "colorscale": POSITION_SCALE, "cmin": -pi, "cmax": pi, "showscale": False}


def _circles() -> tuple[list, list]:
    angles = [2 * pi * i / 72 for i in range(73)]
    x = [*(cos(a) for a in angles), None, *(2 * cos(a) for a in angles)]
    y = [*(sin(a) for a in angles), None, *(2 * sin(a) for a in angles)]
    return x, y


def _latent_line(config: VAEConfig) -> Panel:
    """One latent: the density of the means over all held-out examples beside the prior's."""
    grid = [-4 + 8 * i / 160 for i in range(161)]
    prior = [exp(-0.5 * z * z) / sqrt(2 * pi) for z in grid]
    bars = {
        "type": "bar", "name": "means μ(x)", "x": [], "y": [], "marker": {"color": "@real"},
        "hovertemplate": "z = %{x:.2f}: %{y:.3f}<extra>means</extra>",
    }  # fmt: skip
    layout = axes("z₁", "density")
    layout["bargap"] = 0
    bind = [
        {
            "use": "density", "trace": 0, "arrays": {"points": "latent.mean"},
            "column": 0, "bins": 48, "range": [-4, 4],
        }
    ]  # fmt: skip
    layers = [
        layer("means", "means μ(x)", [0], "@real", "▮"),
        layer("prior", "prior N(0, 1)", [1], "@prior", "╌"),
    ]
    return Panel(
        "latent", "plot", "Latent line", _latent_area(config), ("latent",),
        {
            "figure": {"data": [bars, lines("@prior", 3, "prior", dash="dash", x=grid, y=prior)], "layout": layout},
            "bind": bind, "layers": layers, "caption": "One latent: held-out means as a histogram, beside the prior.",
        },
    )  # fmt: skip


def _data_plane(config: VAEConfig) -> Panel:
    """Data, reconstructions and samples of the prior in one plane, all noise-free decoder means but the data."""
    data = [
        lines("@prior", 1.2, "decoded grid"),
        dots("@generated", "diamond", 5, "sample"),
        dots(_position_colours(), "circle", 6, "data"),
        dots("@reconstruction", "x-thin-open", 7, "reconstruction"),
    ]
    bind = [
        {"use": "mesh", "trace": 0, "arrays": {"mesh": "manifold.xy"}},
        {"use": "columns", "trace": 1, "arrays": {"points": "samples.xy"}, "columns": [0, 1], "count": DRAWN},
        {
            "use": "columns", "trace": 2, "arrays": {"points": "reconstruction.input"},
            "columns": [0, 1], "count": RECONSTRUCTED,
        },
        {"use": "angle", "trace": 2, "arrays": {"positions": "reconstruction.input"}, "count": RECONSTRUCTED},
        {
            "use": "columns", "trace": 3, "arrays": {"points": "reconstruction.output"},
            "columns": [0, 1], "count": RECONSTRUCTED,
        },
    ]
    layers = [
        layer("data", "data x", [2], "@real", "●", ("reconstruction",)),
        layer("reconstruction", "reconstructions", [3], "@reconstruction", "×", ("reconstruction",)),
        layer("samples", "samples of the prior", [1], "@generated", "◆", ("samples",)),
    ]
    if config.latent_dim <= 2:
        layers.append(layer("manifold", "decoded grid of z", [0], "@prior", "#", ("manifold",), on=False))
    else:
        data, bind = data[1:], [{**b, "trace": b["trace"] - 1} for b in bind[1:]]
        layers = [{**one, "traces": [i - 1 for i in one["traces"]]} for one in layers]
    extent = points(config.data).extent
    return Panel(
        "plane", "plot", "Plane", ("main", "main"), (),
        {
            "figure": {"data": data, "layout": axes("x₁", "x₂", extent=extent)}, "bind": bind, "layers": layers,
            "caption": "Data coloured by the angle of x, as in the latent plane.",
        },
    )  # fmt: skip


def _image_panels(config: VAEConfig) -> list[Panel]:
    groups = [
        {"array": "reconstruction.input", "label": "input (held out)"},
        {"array": "reconstruction.output", "label": "reconstruction"},
    ]
    panels = [
        Panel(
            "reconstruction", "mosaic", "Reconstruction", ("more", "more"), ("reconstruction",),
            {"groups": groups},
        ),
        Panel(
            "samples", "mosaic", "Samples", ("more", "second"), ("samples",),
            {"groups": [{"array": "samples.images", "label": "decoded from z ~ N(0, I)"}]},
        ),
    ]  # fmt: skip
    if config.latent_dim == 2:
        spec = {
            "groups": [{"array": "manifold.images", "label": "decoder's mean over a grid of z"}],
            "columns": 15, "axes": {"array": "manifold.axis", "x": "z₁", "y": "z₂"},
        }  # fmt: skip
        panels.insert(0, Panel("manifold", "mosaic", "Manifold", ("main", "main"), ("manifold",), spec))
    return panels


def _curves(config: VAEConfig) -> list[Panel]:
    terms = [
        series("reconstruction", "reconstruction", "@reconstruction"),
        series("kl", "KL", "@kl", "dashdot"),
        series("weighted_kl", "β·KL", "@kl", "dot", product=["kl", "beta"]),
    ]
    history = ("history",)
    return [
        # Reconstruction is far above KL on images, never negative there: only a log axis shows both.
        Panel(
            "terms", "curves", "Loss terms", ("terms", "terms"), history,
            {"series": terms, "y": "nats per example", "log": config.is_images},
        ),
        Panel(
            "elbo", "curves", "ELBO", ("terms", "elbo"), history,
            {"series": [series("elbo", "ELBO", "@elbo")], "y": "nats per example"},
        ),
        Panel(
            "beta", "curves", "β", ("terms", "elbo"), history,
            {"series": [series("beta", "β", "@kl"), series("active_units", "active units", "@elbo", "dash")], "y": ""},
        ),
    ]  # fmt: skip


def _kl_bars() -> Panel:
    bars = {
        "type": "bar", "x": [], "y": [], "textposition": "none",
        "marker": {
            "color": "@kl", "line": {"color": "@kl", "width": 1.5},
            "pattern": {"fgcolor": "@kl", "bgcolor": "@background", "solidity": 0.3},
        },
        "hovertemplate": "latent %{x}: %{y:.4~g} nats, %{text}<extra></extra>",
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "latent"}, "dtick": 1},
        "yaxis": {"title": {"text": "KL / nats"}, "rangemode": "tozero"},
    }
    bind = [{"use": "units", "trace": 0, "arrays": {"height": "kl.dims", "active": "kl.active"}}]
    return Panel(
        "kl", "plot", "KL per latent", ("more", "second"), ("kl",),
        {
            "figure": {"data": [bars], "layout": layout}, "bind": bind,
            "caption": "Active units: {last.active_units}. Filled: active (Var μ > 0.01); hatched: collapsed.",
        },
    )  # fmt: skip


def vae_formula(config: VAEConfig) -> str:
    """The training loss, exactly as trained, and the ELBO, with today's values under their terms."""
    loss = term("loss", "last.loss")
    reconstruction = term("−E<sub>q</sub> log p(x|z)", "last.reconstruction", "@reconstruction")
    beta = term("β", "last.beta")
    divergence = "KL<sub>j</sub>" if config.free_bits > 0 else "KL(q(z|x) ‖ p(z))"
    kl = term(divergence, "last.kl", "@kl")
    regulariser = f"Σ<sub>j</sub> max({term('λ', 'config.free_bits')}, {kl})" if config.free_bits > 0 else kl
    elbo = term("ELBO", "last.elbo", "@elbo")
    return f"<span>{loss} = {reconstruction} + {beta} · {regulariser}</span><span>{elbo} = −reconstruction − KL</span>"
