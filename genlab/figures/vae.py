"""The pictures of a VAE: loss terms, the latent plane, reconstructions, samples, the decoded manifold, KL bars."""

from math import pi
from typing import Any

from genlab.config import VAEConfig
from genlab.data.points import points
from genlab.figures.explore import REACH, explore, prior_circles, prior_curve
from genlab.figures.line import line_panel, map_panel
from genlab.figures.one_example import bound_panel, of_x_in_plane, of_x_on_line, posterior_panel
from genlab.figures.palette import CLASS_SYMBOLS, POSITION_SCALE
from genlab.figures.panels import DRAWN, Panel, View, axes, class_panels, dots, layer, level, lines, series, term

GRID = {
    "narrow": '"main lines" auto "main terms" minmax(0, 1fr) "main more" minmax(0, 1fr) / var(--main) minmax(0, 1fr)',
    "wide": (
        '"main lines lines" auto "main terms more" minmax(0, 1fr) "main elbo second" minmax(0, 1fr)'
        " / var(--main) minmax(0, 1fr) minmax(0, 1fr)"
    ),
}
POINTS_GRID = {
    "narrow": '"main lines" auto "main latent" minmax(0, 1fr) "main terms" minmax(0, 1fr) / var(--main) minmax(0, 1fr)',
    "wide": GRID["wide"],
}
"""With points both planes stand side by side on the smaller screen too: a move in one shows in the other."""
CLASS_MEANS = "elbo_of_class_means"
ELLIPSES = 40
"""Posterior ellipses drawn: enough to see their size, few enough to see through."""
LEAST_SEEN = 0.1
"""Nats to which the axis of the KL bars reaches at least: a thousandth of a nat looks like nothing."""
RECONSTRUCTED = 300
"""Points drawn with their reconstruction."""


def vae_view(config: VAEConfig) -> View:
    """Everything that the VAE page shows of a run with these settings."""
    latent = _latent_line(config) if config.latent_dim == 1 else _latent_plane(config)
    pictures = _image_panels(config) if config.is_images else _planes(config)
    main = [latent, *pictures] if config.is_images else [*pictures, latent]
    grid = GRID if config.is_images else POINTS_GRID
    close = (posterior_panel(config), bound_panel(config))
    return View("vae", (*main, *_curves(config), _kl_bars(config), *close), grid, vae_formula(config))


def _planes(config: VAEConfig) -> list[Panel]:
    if config.is_line:
        return [line_panel(config), map_panel(config, ("latent", "second"))]
    return [_data_plane(config)]


def _latent_plane(config: VAEConfig) -> Panel:
    marked = _by_position(config)
    if config.is_images:
        marked = _unmarked() if config.is_own else _by_class()
    first = len(marked["data"])
    data = [*marked["data"], prior_circles(), lines("@muted", 1.2, "q(z|x)")]
    bind = [
        *marked["bind"],
        {
            "use": "ellipses" if config.latent_dim == 2 else "shadowEllipses", "trace": first + 1,
            "arrays": {"mean": "latent.mean", "std": "latent.std"},
            "columns": [0, 1], "count": ELLIPSES,
        },
        {"use": "plane", "arrays": {"points": "latent.mean"}, "least": REACH},
    ]  # fmt: skip
    layers = [
        layer("means", "means μ(x)", list(range(first)), "@real", "●"),
        layer("ellipses", f"q(z|x) of {ELLIPSES}, 1σ", [first + 1], "@muted", "◌"),
        layer("prior", "prior 1σ, 2σ", [first], "@prior", "◎"),
    ]
    of_x = of_x_in_plane(len(data), config.latent_dim)
    # It stands small and answers the hand: no label stands at its upper edge, for which other figures keep 10 px free.
    layout = axes("z₁", "z₂", extent=REACH) | {"margin": {"t": 4}}
    data, bind, layers = (mine + more for mine, more in zip((data, bind, layers), of_x, strict=True))
    return Panel(
        "latent", "explorer", "Latent plane", _latent_area(config), ("latent",),
        {
            "figure": {"data": data, "layout": layout},
            "bind": bind, "layers": layers, "caption": marked["caption"], "explore": _explore(config),
        },
    )  # fmt: skip


def _latent_area(config: VAEConfig) -> tuple[str, str]:
    """With points the data plane is the main picture, and the latents stand beside it."""
    return ("main", "main") if config.is_images else ("latent", "more")


def _explore(config: VAEConfig) -> dict:
    return explore(config) if config.is_images else explore(config, target="plane", positions="latent.xy")


def _by_class() -> dict:
    data = [dots(f"@class{c}", symbol, 6, f"class {c}") for c, symbol in enumerate(CLASS_SYMBOLS)]
    arrays = {"points": "latent.mean", "labels": "latent.label"}
    common = {"arrays": arrays, "columns": [0, 1], "count": DRAWN}
    bind = [{"use": "ofClass", "trace": c, "class": c, **common} for c in range(len(data))]
    names = {
        "type": "scatter", "mode": "text", "name": "class", "x": [], "y": [], "hoverinfo": "skip",
        "textfont": {"size": 24, "color": "@text", "weight": 700, "shadow": "0 0 4px @background, 0 0 4px @background"},
    }  # fmt: skip
    bind.append({"use": "classNames", "trace": len(data), **common})
    caption = "Held-out examples; colour and mark: their class, whose number stands at its median."
    return {"data": [*data, names], "bind": bind, "caption": caption}


def _unmarked() -> dict:
    """Of a person's own pictures no classes are known."""
    data = [dots("@real", "circle", 6, "μ(x)")]
    bind = [{"use": "columns", "trace": 0, "arrays": {"points": "latent.mean"}, "columns": [0, 1], "count": DRAWN}]
    return {"data": data, "bind": bind, "caption": "Held-out pictures, whose classes are not known."}


def _by_position(config: VAEConfig) -> dict:
    positions, caption = "latent.xy", "colour: the angle of x, as in the data plane."
    if config.is_line:
        positions, caption = "latent.wheel", "colour: x, once round the wheel from left to right."
    data = [dots(_position_colours(), "circle", 6, "μ(x)")]
    bind = [
        {"use": "columns", "trace": 0, "arrays": {"points": "latent.mean"}, "columns": [0, 1], "count": DRAWN},
        {"use": "angle", "trace": 0, "arrays": {"positions": positions}, "count": DRAWN},
    ]
    return {"data": data, "bind": bind, "caption": f"Held-out points; {caption}"}


def _position_colours() -> dict:
    return {"color": [], "colorscale": POSITION_SCALE, "cmin": -pi, "cmax": pi, "showscale": False}


def _latent_line(config: VAEConfig) -> Panel:
    """One latent: the density of the means over all held-out examples beside the prior's."""
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
    data = [bars, prior_curve()]
    layout["yaxis2"] = {
        "title": {"text": "density of q(z|x), p(z|x)"}, "overlaying": "y", "side": "right", "rangemode": "tozero",
        "showgrid": False, "zeroline": False, "automargin": True, "tickmode": "auto", "nticks": 6,
    }  # fmt: skip
    of_x = of_x_on_line(len(data))
    data, bind, layers = (mine + more for mine, more in zip((data, bind, layers), of_x, strict=True))
    return Panel(
        "latent", "explorer", "Latent line", _latent_area(config), ("latent",),
        {
            "figure": {"data": data, "layout": layout}, "bind": bind, "layers": layers,
            "caption": "One latent: held-out means as a histogram, beside the prior.", "explore": _explore(config),
        },
    )  # fmt: skip


def _data_plane(config: VAEConfig) -> Panel:
    """Data, reconstructions and samples of the model in one plane; the samples' means can be switched on."""
    data = [
        lines("@prior", 1.2, "decoded grid"),
        dots("@generated", "diamond", 5, "sample"),
        dots(_position_colours(), "circle", 6, "data"),
        dots("@reconstruction", "x-thin-open", 7, "reconstruction"),
        dots("@generated", "diamond-open", 6, "mean x̂ of a sample"),
    ]
    bind = [
        {"use": "mesh", "trace": 0, "arrays": {"mesh": "manifold.xy"}},
        {"use": "columns", "trace": 1, "arrays": {"points": "samples.xy"}, "columns": [0, 1], "count": DRAWN},
        {
            "use": "columns",
            "trace": 2,
            "arrays": {"points": "reconstruction.input"},
            "columns": [0, 1],
            "count": RECONSTRUCTED,
        },
        {"use": "angle", "trace": 2, "arrays": {"positions": "reconstruction.input"}, "count": RECONSTRUCTED},
        {
            "use": "columns",
            "trace": 3,
            "arrays": {"points": "reconstruction.output"},
            "columns": [0, 1],
            "count": RECONSTRUCTED,
        },
    ]
    bind.append({"use": "columns", "trace": 4, "arrays": {"points": "means.xy"}, "columns": [0, 1], "count": DRAWN})
    layers = [
        layer("data", "data x", [2], "@real", "●", ("reconstruction",)),
        layer("reconstruction", "reconstructions", [3], "@reconstruction", "×", ("reconstruction",)),
        layer("samples", "samples", [1], "@generated", "◆", ("samples",)),
        layer("means", "their means x̂", [4], "@generated", "◇", ("means",), on=False),
    ]
    if config.latent_dim <= 2:
        layers.append(layer("manifold", "decoded grid of z", [0], "@prior", "#", ("manifold",), on=False))
    else:
        data, bind = data[1:], [{**b, "trace": b["trace"] - 1} for b in bind[1:]]
        layers = [{**one, "traces": [i - 1 for i in one["traces"]]} for one in layers]
    extent = points(config.data).extent
    (samples,) = next(one["traces"] for one in layers if one["id"] == "samples")
    return Panel(
        "plane", "plot", "Plane", ("main", "main"), (),
        {
            "figure": {"data": data, "layout": axes("x₁", "x₂", extent=extent)}, "bind": bind, "layers": layers,
            "counted": samples,
            "caption": (
                "Data coloured by the angle of x, as in the latent plane. Samples: z from the prior, then x from "
                "N(x̂(z), σ²I), σ = {config.sigma}. Reconstructions: x̂ of the mean μ(x), without noise."
            ),
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
    if config.is_digits:
        panels += class_panels(("more", "second"), "step")
    if config.latent_dim == 2:
        spec = {
            "groups": [{"array": "manifold.images", "label": "decoder's mean over a grid of z"}],
            "columns": 15, "axes": {"array": "manifold.axis", "x": "z₁", "y": "z₂"},
        }  # fmt: skip
        panels.insert(0, Panel("manifold", "mosaic", "Manifold", ("main", "main"), ("manifold",), spec))
    return panels


def _curves(config: VAEConfig) -> list[Panel]:
    # Of images reconstruction is so far above KL that on one axis both were flat.
    own = {"right": True} if config.is_images else {}
    terms = [
        series("reconstruction", "reconstruction", "@reconstruction"),
        {**series("kl", "KL", "@kl", "dashdot"), **own},
        {**_regulariser(config), **own},
    ]
    history = ("history",)
    return [
        # Of images the first steps stand far from all others.
        Panel(
            "terms", "curves", "Loss terms", ("terms", "terms"), history,
            {
                "series": terms, "y": "nats per example", "levels": _least(config),
                "middle": config.is_images, **({"right": "KL, β·KL / nats"} if config.is_images else {}),
            },
        ),
        Panel(
            "elbo", "curves", "ELBO", ("terms", "elbo"), history,
            {
                "series": [series("elbo", "ELBO", "@elbo")], "y": "nats per example", "levels": _elbo_levels(config),
                "caption": "The density of your own data is not known, nor E log p(x)." if config.is_own else "",
            },
        ),
        Panel(
            "beta", "curves", "β", ("terms", "elbo"), history,
            {"series": [series("beta", "β", "@kl"), series("active_units", "active units", "@elbo", "dash")], "y": ""},
        ),
    ]  # fmt: skip


def _least(config: VAEConfig) -> list[dict[str, Any]]:
    least = "pixels decoded exactly" if config.is_images else f"x̂ = x: {'½ ' if config.is_line else ''}log 2πσ²"
    return [level(f"least reconstruction: {least}", reference="reconstruction", below=True)]


def _elbo_levels(config: VAEConfig) -> list[dict[str, Any]]:
    levels = [level("a decoder that ignores z", reference="elbo_without_latents", below=True)]
    if config.is_images:
        return levels if config.is_own else [*levels, level("a code that says the class alone", reference=CLASS_MEANS)]
    if config.is_own:
        return levels
    return [*levels, level("E log p(x): no mean ELBO lies above", reference="elbo")]


def _regulariser(config: VAEConfig) -> dict[str, Any]:
    """The term of the loss that is charged for the code, as trained."""
    if config.free_bits and config.mistake == "none":
        name = "β·Σ max(λ, KL<sub>j</sub>)"
        return series("weighted_kl", name, "@weighted_kl", "dot", difference=["loss", "reconstruction"])
    return series("weighted_kl", "β·KL", "@weighted_kl", "dot", product=["kl", "beta"])


def _kl_bars(config: VAEConfig) -> Panel:
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
        "yaxis": {
            "title": {"text": "KL / nats"}, "rangemode": "tozero", "autorangeoptions": {"include": LEAST_SEEN},
        },
    }  # fmt: skip
    bind = [{"use": "units", "trace": 0, "arrays": {"height": "kl.dims", "active": "kl.active"}}]
    return Panel(
        "kl", "plot", "KL per latent", ("more" if config.is_images else "terms", "second"), ("kl",),
        {
            "figure": {"data": [bars], "layout": layout}, "bind": bind,
            "caption": (
                "Active units: {info.active_units}. Filled: active (Var μ > 0.01, it says something of x); hatched: "
                "not, whatever its KL costs."
            ),
        },
    )  # fmt: skip


def vae_formula(config: VAEConfig) -> str:
    """The training loss, exactly as trained, and the ELBO, with today's values under their terms."""
    loss = term("loss", "last.loss")
    reconstruction = term("−E<sub>q</sub> log p(x|z)", "last.reconstruction", "@reconstruction")
    if config.mistake == "mean_over_pixels":
        reconstruction += f" / {config.dimension}"
    beta = term("β", "last.beta")
    regulariser, kl = term("KL(q(z|x) ‖ p(z))", "last.kl", "@kl"), "KL"
    if config.free_bits > 0:
        regulariser = f"Σ<sub>j</sub> max({term('λ', 'config.free_bits')}, KL<sub>j</sub>)"
        kl = term("Σ<sub>j</sub> KL<sub>j</sub>", "last.kl", "@kl")
    elbo = term("ELBO", "last.elbo", "@elbo")
    return (
        f"<span>{loss} = {reconstruction} + {beta} · {regulariser}</span><span>{elbo} = −reconstruction − {kl}</span>"
    )
