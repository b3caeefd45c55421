"""One example x of a VAE under a magnifying glass: its posteriors in the latent plane, its codes, its bound."""

from genlab.config import VAEConfig
from genlab.data.points import points
from genlab.figures.panels import DRAWN, Panel, dots, layer, lines


def of_x_in_plane(first: int, latents: int) -> tuple[list, list, list]:
    """The chosen x in the latent plane: traces from number ``first`` on, what fills them, their layers."""
    code, known = {"mean": "posterior.mean", "std": "posterior.std"}, ("posterior", "evidence")
    best = {"mean": "evidence.mean", "std": "evidence.std"}
    z = dots("@generated", "diamond", 7, "z = μ + σε")
    newest = dots("@generated", "diamond-open", 15, "z = μ + σε")
    data = [lines("@text", 2.6, "q(z|x) of x"), dots("@text", "x-thin-open", 9, "μ of x"), z, newest]
    bind = [
        {"use": "outline", "trace": first, "arrays": code, "columns": [0, 1]},
        {"use": "centre", "trace": first + 1, "arrays": code, "columns": [0, 1]},
        {"use": "columns", "trace": first + 2, "arrays": {"points": "drawn.z"}, "columns": [0, 1], "count": DRAWN},
        {"use": "columns", "trace": first + 3, "arrays": {"points": "drawn.newest"}, "columns": [0, 1], "count": 1},
    ]
    layers = [
        layer("x-code", "q(z|x) of x", [first, first + 1], "@text", "⊕", ("posterior",), on=False),
        layer("x-samples", "its samples", [first + 2, first + 3], "@generated", "◆", ("posterior",), on=False),
    ]
    if latents == 2:
        contour = {
            "type": "contour", "name": "p(z|x)", "contours": {"coloring": "none"}, "showscale": False,
            "autocontour": False, "hoverinfo": "skip", "line": {"color": "@exact", "width": 2.6, "smoothing": 1},
        }  # fmt: skip
        data += [contour, {**contour, "line": {**contour["line"], "width": 1.6}}]
        data.append(lines("@kl", 2.6, "q*", dash="dash"))
        height = {"x": "evidence.x", "y": "evidence.y", "z": "evidence.height", "levels": "evidence.levels"}
        bind += [{"use": "height", "trace": first + 4 + i, "arrays": height, "level": i} for i in (0, 1)]
        bind.append({"use": "outline", "trace": first + 6, "arrays": best, "columns": [0, 1]})
        layers += [
            layer("x-true", "true p(z|x)", [first + 4, first + 5], "@exact", "◎", known, on=False),
            layer("x-best", "best Gaussian q*", [first + 6], "@kl", "╌", known, on=False),
        ]
    return data, bind, layers


def of_x_on_line(first: int) -> tuple[list, list, list]:
    """The chosen x beside the latent line: densities on an axis of their own, because they may be high and narrow."""
    q, best = lines("@text", 2.6, "q(z|x) of x"), lines("@kl", 2.6, "q*", dash="dash")
    true, z = lines("@exact", 2.6, "p(z|x)"), dots("@generated", "diamond", 8, "z = μ + σε")
    data = [{**trace, "yaxis": "y2"} for trace in (q, z, true, best)]
    bind = [
        {"use": "bell", "trace": first, "arrays": {"mean": "posterior.mean", "std": "posterior.std"}},
        {"use": "rug", "trace": first + 1, "arrays": {"points": "drawn.z"}},
        {"use": "curve", "trace": first + 2, "arrays": {"x": "evidence.z", "y": "evidence.density"}},
        {"use": "bell", "trace": first + 3, "arrays": {"mean": "evidence.mean", "std": "evidence.std"}},
    ]
    known = ("posterior", "evidence")
    layers = [
        layer("x-code", "q(z|x) of x", [first], "@text", "━", ("posterior",), on=False),
        layer("x-samples", "its samples", [first + 1], "@generated", "◆", ("posterior",), on=False),
        layer("x-true", "true p(z|x)", [first + 2], "@exact", "━", known, on=False),
        layer("x-best", "best Gaussian q*", [first + 3], "@kl", "╌", known, on=False),
    ]
    return data, bind, layers


def posterior_panel(config: VAEConfig) -> Panel:
    overlays = ["x-code", "x-samples", *(("x-true", "x-best") if config.latent_dim <= 2 else ())]
    area = ("more", "more") if config.is_images else ("main", "second")
    return Panel(
        "posterior", "posterior", "Posterior of x", area, ("posterior",),
        {
            "images": config.is_images, "data": config.data, "latents": config.latent_dim, "plane": "latent",
            "overlays": overlays, "extent": None if config.is_images else points(config.data).extent,
            "caption": "Solid: the gradient, back through μ and σ. Dashed: none flows to ε.",
        },
    )  # fmt: skip


def bound_panel(config: VAEConfig) -> Panel:
    """How far the ELBO lies below log p(x), and why: exactly for one or two latents, by sampling for more."""
    if config.latent_dim > 2:
        why = (
            f"Not shown: log p(x), an integral over {config.latent_dim} latents, is out of reach of a grid. Instead: "
            "the importance-weighted bound L<sub>K</sub> of x, which rises towards log p(x) with the number K of draws."
        )
    else:
        why = "log p(x): integrated over z, ± the integration error."
    if config.is_images:
        why += " Of grey pixels it is the usual unnormalised Bernoulli score."
    streams = ("posterior", "evidence", "survey") if config.latent_dim <= 2 else ("posterior", "evidence")
    return Panel(
        "bound", "bound", "Bound", ("terms", "elbo"), streams,
        {"exact": config.latent_dim <= 2, "caption": why},
    )  # fmt: skip
