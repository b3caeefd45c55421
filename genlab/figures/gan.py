"""The pictures of a GAN: the plane with its layers (or images), losses, distances, scores, gradients, weights."""

from math import log
from typing import Any

from genlab.config import GANConfig
from genlab.data.points import points
from genlab.figures.explore import noise_panel
from genlab.figures.line import line_panel, map_panel
from genlab.figures.palette import FIELD_SCALE
from genlab.figures.panels import DRAWN, Panel, View, axes, class_panels, dots, layer, level, lines, series, term
from genlab.figures.slopes import slopes_panel

GRID = {
    "narrow": '"main lines" auto "main losses" minmax(0, 1fr) "main more" minmax(0, 1fr) / var(--main) minmax(0, 1fr)',
    "wide": (
        '"main lines lines" auto "main losses extra" minmax(0, 1fr) "main more rest" minmax(0, 1fr)'
        " / var(--main) minmax(0, 1fr) minmax(0, 1fr)"
    ),
}

SHORTEST, LONGEST = 1e-4, 10.0
"""Norms of −∇L_G that get no arrow and the longest one; between them the length grows with log₁₀ of the norm."""


def gan_view(config: GANConfig) -> View:
    """Everything that the GAN page shows of a run with these settings."""
    first = _images() if config.is_images else line_panel(config) if config.is_line else _plane(config)
    maps = (map_panel(config, ("more", "more")),) if config.is_line else ()
    sure = () if config.is_critic else (slopes_panel(config),)
    curves = (*maps, *_distances(config), *sure, _gradients(config), _layers(config), _scores(config))
    panels = (first, _losses(config), *curves, _weights(config), noise_panel(config))
    return View("gan", panels, GRID, gan_formula(config))


def _plane(config: GANConfig) -> Panel:
    extent = points(config.data).extent
    figure = {
        "data": [
            {
                "type": "heatmap", "colorscale": FIELD_SCALE, "zsmooth": "fast", "showscale": False,
                "hovertemplate": "(%{x:.2f}, %{y:.2f})<br>field %{z:.4~g}<extra></extra>",
            },
            {
                "type": "contour", "contours": {"coloring": "none"}, "line": {"color": "@line", "width": 1},
                "showscale": False, "hoverinfo": "skip",
            },
            lines("@prior", 1.2, "noise grid"),
            dots("@real", "circle", 5, "real"),
            dots("@generated", "diamond", 5, "generated"),
            lines("@arrows", 1.8, "−∇L<sub>G</sub>"),
        ],
        "layout": axes("x₁", "x₂", extent=extent),
    }  # fmt: skip
    field = {"x": "field.x", "y": "field.y", "z": "field.z"}
    # A slope that gets no arrow gets no colour either: a field that rises by less over the picture is flat.
    flat = SHORTEST * extent
    bind = [
        {"use": "field", "trace": 0, "arrays": field, "least": flat},
        {"use": "contours", "trace": 1, "arrays": field, "least": flat},
        {"use": "flat", "arrays": {"z": "field.z"}, "least": flat, "layer": "field"},
        {"use": "mesh", "trace": 2, "arrays": {"mesh": "mesh.xy"}},
        {"use": "columns", "trace": 3, "arrays": {"points": "real.xy"}, "columns": [0, 1], "count": DRAWN},
        {"use": "columns", "trace": 4, "arrays": {"points": "generated.xy"}, "columns": [0, 1], "count": DRAWN},
        {
            "use": "arrows", "trace": 5, "arrays": {"from": "arrows.xy", "along": "arrows.gradient"},
            "length": 0.35 * extent, "shortest": SHORTEST, "longest": LONGEST,
        },
    ]  # fmt: skip
    ramp = {"symbol": _field_symbol(config), "colours": FIELD_SCALE}
    layers = [
        layer("real", "real", [3], "@real", "●", ("real",)),
        layer("generated", "generated", [4], "@generated", "◆", ("generated",)),
        layer("field", "field", [0, 1], "@real", "▦", ("field",), ramp=ramp),
        layer("arrows", "−∇L<sub>G</sub>", [5], "@arrows", "→", ("arrows",)),
        layer("mesh", "noise grid", [2], "@prior", "#", ("mesh",), on=False),
    ]
    norm = "‖∇L<sub>G</sub>‖"
    caption = f"Arrow length: log₁₀{norm}, from 10⁻⁴ (no arrow) to 10 (longest). Median {norm} now: {{info.arrow_norm}}"
    return Panel(
        "plane", "plot", "Plane", ("main", "main"), (),
        {"figure": figure, "bind": bind, "layers": layers, "caption": caption, "counted": 4},
    )  # fmt: skip


def _field_symbol(config: GANConfig) -> str:
    return "f(x)" if config.is_critic else "D(x)"


def _images() -> Panel:
    groups = [{"array": "samples.images", "label": "generated"}, {"array": "real.images", "label": "real"}]
    caption = "Generated images come from the same 64 noise vectors at every step."
    return Panel(
        "images", "mosaic", "Images", ("main", "main"), ("samples", "real"),
        {"groups": groups, "caption": caption},
    )  # fmt: skip


def _losses(config: GANConfig) -> Panel:
    curves = [
        series("critic_loss", f"{config.second} loss", "@critic"),
        series("generator_loss", "generator loss", "@generator", "dashdot"),
        series("loss_sum", "game's sum", "@sum", "dot"),
    ]
    at_equilibrium = {
        "minimax": [level("2 log 2: L<sub>D</sub> at equilibrium", value=2 * log(2))],
        "nonsaturating": [level("2 log 2: L<sub>D</sub> at equilibrium", value=2 * log(2))],
    }
    levels = [*at_equilibrium.get(config.objective, []), *(_at_rest(config) if config.is_line else [])]
    return Panel(
        "losses", "curves", "Losses", ("losses", "losses"), ("history",),
        {"series": curves, "y": _loss_unit(config), "x": "generator step", "levels": levels, "segmented": True},
    )  # fmt: skip


def _at_rest(config: GANConfig) -> list[dict[str, Any]]:
    """The generator's loss, and LSGAN's discriminator's, where generated and real points are alike and D is the best.

    Of points on a line a picture has room for them; a critic's losses may rest at any height.
    """
    if config.is_critic:
        return []
    if config.objective != "lsgan":
        sign = "" if config.objective == "nonsaturating" else "−"
        return [level(f"{sign}log 2: L<sub>G</sub> there", value=log(2) * (-1 if sign else 1), below=True)]
    a, b, c = config.lsgan_a, config.lsgan_b, config.lsgan_c
    return [
        level("(b − a)²/4: L<sub>D</sub> at equilibrium", value=(b - a) ** 2 / 4),
        level("L<sub>G</sub> there", value=((a + b) / 2 - c) ** 2 / 2, below=True),
    ]


def _loss_unit(config: GANConfig) -> str:
    return "loss / nats" if config.objective in ("minimax", "nonsaturating") else "loss"


def _distances(config: GANConfig) -> list[Panel]:
    panels = []
    if config.is_critic:
        curves = [series("wasserstein_estimate", "critic's estimate E f(x) − E f(G(z))", "@critic")]
        levels = []
        if not config.is_images or config.is_own:
            curves.append(_exact(config, "dash"))
            levels = _floor(config)
        panels.append(
            Panel(
                "wasserstein", "curves", "W₁", ("more", "more"), ("history",),
                {
                    "series": curves, "y": "distance", "x": "generator step", "levels": levels,
                    "caption": _what_is_estimated(config),
                },
            )
        )  # fmt: skip
    if config.is_digits:
        panels += class_panels(("more", "more"), "generator step")
    if config.is_images:
        panels.append(_diversity())
    if not config.is_images and points(config.data).modes is not None:
        panels.append(_coverage(len(points(config.data).modes)))
    if (not config.is_images or config.is_own) and not config.is_critic:
        curves, levels = [_exact(config)], _floor(config)
        panels.append(
            Panel(
                "wasserstein", "curves", "W₁", ("more", "more"), ("history",),
                {"series": curves, "y": "distance", "x": "generator step", "levels": levels},
            )
        )  # fmt: skip
    return panels


def _what_is_estimated(config: GANConfig) -> str:
    """What a critic's estimate can be: W₁ itself only at the maximum over 1-Lipschitz functions."""
    why = "W₁ is the maximum over 1-Lipschitz f"
    if config.frees_critic:
        return f"{why}; nothing bounds this one, nor its estimate."
    if config.objective == "wgan_gp" and config.gp_weight:
        return f"{why}; under the penalty the best one estimates W₁·(1 + W₁/2λ), λ = {{config.gp_weight}}."
    if config.boxes_critic:
        return f"{why}; clipping bounds the slope by some K: at most K·W₁, K unknown."
    return f"{why}; spectral normalisation holds each layer's slope near 1."


def _diversity() -> Panel:
    levels = [level("of two of the data", reference="sample_distance")]
    return Panel(
        "diversity", "curves", "Diversity", ("more", "more"), ("history",),
        {
            "series": [series("sample_distance", "mean distance of two samples", "@generated")], "y": "distance",
            "x": "generator step", "levels": levels,
            "caption": "How different 128 generated images are from each other; 0 where all are alike.",
        },
    )  # fmt: skip


def _exact(config: GANConfig, dash: str = "solid") -> dict[str, Any]:
    """W₁ of two samples; of a person's own data the real one is of the half that is held out."""
    name = "wasserstein_pixels" if config.is_images else "wasserstein_exact"
    label = "exact W₁ to the held-out half" if config.is_own else "exact W₁ of two samples"
    return series(name, label, "@exact", dash)


def _floor(config: GANConfig) -> list[dict[str, Any]]:
    """A perfect generator's W₁, which is no number but a band: chance decides how two samples differ."""
    mean, high = "wasserstein_exact", "wasserstein_high"
    if config.is_images:
        mean, high = "wasserstein_pixels", "pixels_high"
    return [
        level("floor: a perfect generator's mean W₁", reference=mean, below=True),
        level("19 of 20 perfect ones lie below", reference=high),
    ]


def _coverage(modes: int) -> Panel:
    curves = [
        series("modes_captured", f"captured (of {modes})", "@generated", "dash", scale=modes),
        series("high_quality", "high quality", "@elbo"),
        series("effective_modes", f"effective (of {modes})", "@arrows", "dashdot", scale=modes),
        series("mode_turnover", "turnover", "@sum", "dot"),
    ]
    levels = [level("high-quality share of a perfect generator", reference="high_quality")]
    return Panel(
        "coverage", "curves", "Modes", ("more", "more"), ("history",),
        {"series": curves, "y": "share", "x": "generator step", "levels": levels},
    )  # fmt: skip


def _gradients(config: GANConfig) -> Panel:
    curves = [
        series("critic_grad_norm", config.second, "@critic"),
        series("generator_grad_norm", "generator", "@generator", "dashdot"),
    ]
    return Panel(
        "gradients", "curves", "Gradients", ("losses", "extra"), ("history",),
        {
            "series": curves, "y": "gradient norm", "x": "generator step", "log": True, "segmented": True,
            "caption": _update_equations(config),
        },
    )  # fmt: skip


def _update_equations(config: GANConfig) -> str:
    """What one step does to the weights w of the second network and to those of the generator, θ."""
    loss = _loss_symbol(config)
    w = f"w ← w − η∇<sub>w</sub>{loss}, η = {{config.critic_learning_rate}}"
    theta = "θ ← θ − η∇<sub>θ</sub>L<sub>G</sub>, η = {config.generator_learning_rate}"
    if config.updates == "simultaneous":
        return f"Step {{step}}: {w}, and at once, from the same w and θ, {theta}."
    return f"Step {{step}}: {{config.n_critic}} × {w}, θ fixed; then {theta}, w fixed."


def _layers(config: GANConfig) -> Panel:
    score = _score(config)
    figure = {
        "data": [
            {
                "type": "scatter", "mode": "lines+markers", "x": [], "y": [], "name": config.second,
                "line": {"color": "@critic", "width": 2}, "marker": {"color": "@critic", "size": 9},
                "hovertemplate": "layer %{x}: %{y:.4~g}<extra></extra>",
            },
        ],
        "layout": {
            "xaxis": {"title": {"text": "layer; 1 takes in x"}, "dtick": 1, "zeroline": False},
            "yaxis": {"title": {"text": f"gradient of {score}"}, "type": "log", "exponentformat": "power"},
        },
    }  # fmt: skip
    bind = [{"use": "columns", "trace": 0, "arrays": {"points": "layers.norm"}, "columns": [0, 1], "count": DRAWN}]
    caption = (
        "√E‖∂/∂h‖², h a layer's input. Lower to the left: the gradient vanishes on its way back; higher: it explodes."
    )
    return Panel(
        "layers", "plot", "Layers", ("losses", "extra"), ("layers",),
        {"figure": figure, "bind": bind, "caption": caption},
    )  # fmt: skip


def _scores(config: GANConfig) -> Panel:
    curves = [series("real_score", "on real", "@real"), series("fake_score", "on generated", "@generated", "dashdot")]
    name = {"f": "f(x)", "D": "D's output", "logit": "D's output (logit)"}[_score(config)]
    return Panel(
        "scores", "curves", "Scores", ("losses", "rest"), ("history",),
        {"series": curves, "y": f"mean {name}", "x": "generator step", "segmented": True},
    )  # fmt: skip


def _weights(config: GANConfig) -> Panel:
    figure = {
        "data": [
            {
                "type": "bar", "x": [], "y": [], "marker": {"color": "@critic"},
                "hovertemplate": "%{x:.4~g}: %{y} weights<extra></extra>",
            },
            lines("@text", 2, "±c", dash="dash"),
        ],
        "layout": {
            "xaxis": {"title": {"text": f"{config.second}'s weights and biases"}},
            "yaxis": {"title": {"text": "how many"}},
            "bargap": 0,
        },
    }  # fmt: skip
    bind = [
        {"use": "histogram", "trace": 0, "arrays": {"edges": "weights.edges", "counts": "weights.counts"}},
        {"use": "bounds", "trace": 1, "arrays": {"counts": "weights.counts"}, "value": "info.clip"},
    ]
    clipped = config.clips_weights
    bounds = "Dashed: the clip bounds ±c, c = {info.clip}. Share at a bound: {last.clipped_fraction}"
    return Panel(
        "weights", "plot", "Weights", ("more", "rest"), ("weights",),
        {"figure": figure, "bind": bind, "caption": bounds if clipped else ""},
    )  # fmt: skip


def gan_formula(config: GANConfig) -> str:
    """The two losses that are minimised, exactly as trained, with today's values under their terms."""
    critic, generator = _objective_formula(config)
    parts = [critic, generator]
    if config.r1_weight > 0:
        parts[0] += f" + ½ {term('γ', 'config.r1_weight')} E‖∇{_score(config)}(x)‖²"
    # Not the sum of the two losses before it, which leave a half of the game or a constant out or add penalties.
    total = term("game's sum", "last.loss_sum", "@sum")
    return f"<span>{parts[0]}</span><span>{parts[1]}</span><span>{total}</span>"


def _score(config: GANConfig) -> str:
    """What the second network's last layer gives, of which the penalties and the layers' panel take the gradient."""
    return "f" if config.is_critic else "D" if config.objective == "lsgan" else "logit"


def _loss_symbol(config: GANConfig) -> str:
    return "L<sub>f</sub>" if config.is_critic else "L<sub>D</sub>"


def _objective_formula(config: GANConfig) -> tuple[str, str]:
    critic = term(_loss_symbol(config), "last.critic_loss", "@critic")
    generator = _generator_formula(config)
    name, unit = ("f", "") if config.is_critic else ("D", "" if config.objective == "lsgan" else "logit ")
    real = term(f"{name}(x)", "last.real_score", "@real", unit)
    fake = term(f"{name}(G(z))", "last.fake_score", "@generated", unit)
    discriminator = f"{critic} = −E log {real} − E log(1 − {fake})"
    if config.objective == "minimax":
        return discriminator, generator
    if config.objective == "nonsaturating":
        return discriminator, generator
    if config.objective == "lsgan":
        a, b = (term(name, f"config.lsgan_{name}") for name in "ab")
        return f"{critic} = ½E({real} − {b})² + ½E({fake} − {a})²", generator
    wasserstein = f"{critic} = E {fake} − E {real}"
    if config.objective == "wgan_gp":
        weight = term("λ", "config.gp_weight")
        return f"{wasserstein} + {weight} E(‖∇f(x̂)‖ − 1)²", generator
    bounded = "w" if config.clips_weights else "∂L<sub>f</sub>/∂w"
    bound = "weights not clipped" if config.clip is None else f"|{bounded}| ≤ {term('c', 'config.clip')}"
    if config.clips_weights and config.spectral_norm:
        # What is clamped is divided by the layer's largest singular value, whatever its scale.
        bound = f"‖W‖ = 1 in each layer, |b| ≤ {term('c', 'config.clip')}"
    return f"{wasserstein}, &nbsp;{bound}", generator


def _generator_formula(config: GANConfig) -> str:
    losses = {
        "minimax": "E log(1 − D(G(z)))",
        "nonsaturating": "−E log D(G(z))",
        "lsgan": f"½E(D(G(z)) − {term('c', 'config.lsgan_c')})²",
        "wgan": "−E f(G(z))",
        "wgan_gp": "−E f(G(z))",
    }
    loss = losses[config.objective]
    flipped = f"−({loss})" if config.mistake == "flipped_sign" else loss
    return f"{term('L<sub>G</sub>', 'last.generator_loss', '@generator')} = {flipped}"
