"""The pictures of data on a line: densities with the second network over them, and the generator as a map z → x."""

from typing import Any

from genlab.config import Config, GANConfig
from genlab.data.points import points
from genlab.figures.panels import Panel, layer, lines

BINS = 70


def line_panel(config: Config) -> Panel:
    """Data and samples as histograms, the true density, and of a GAN what its second network says of each place."""
    extent = points(config.data).extent
    data = [_bars("@real", "data"), _bars("@generated", "generated"), lines("@real", 2.6, "p(x)")]
    bind = [
        _histogram(0, "real.xy", extent),
        _histogram(1, "samples.xy", extent),
        {"use": "curve", "trace": 2, "arrays": {"x": "density.x", "y": "density.p"}},
    ]
    layers = [
        layer("data", "data", [0], "@real", "▮", ("real",)),
        layer("samples", "generated", [1], "@generated", "▯", ("samples",)),
    ]
    if points(config.data).is_known:
        layers.append(layer("density", "true p(x)", [2], "@real", "━", ("density",)))
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "x"}, "range": [-extent, extent], "zeroline": False},
        "yaxis": {"title": {"text": "density"}, "rangemode": "tozero"},
        "bargap": 0, "barmode": "overlay",
    }  # fmt: skip
    caption = ""
    if isinstance(config, GANConfig):
        caption = _add_score(config, data, bind, layers, layout)
    return Panel(
        "plane", "plot", "Line", ("main", "main"), (),
        {"figure": {"data": data, "layout": layout}, "bind": bind, "layers": layers, "caption": caption},
    )  # fmt: skip


def line_samples(config: Config) -> Panel:
    """Data and samples as histograms alone."""
    extent = points(config.data).extent
    layout = {
        "xaxis": {"title": {"text": "x"}, "range": [-extent, extent], "zeroline": False},
        "yaxis": {"title": {"text": "density"}, "rangemode": "tozero"},
        "bargap": 0, "barmode": "overlay",
    }  # fmt: skip
    figure = {"data": [_bars("@real", "data"), _bars("@generated", "generated")], "layout": layout}
    bind = [_histogram(0, "real.xy", extent), _histogram(1, "samples.xy", extent)]
    caption = "▮ data, ▯ generated from the same noise in every cell"
    return Panel("plane", "plot", "Line", ("main", "main"), (), {"figure": figure, "bind": bind, "caption": caption})


def _add_score(config: GANConfig, data: list, bind: list, layers: list, layout: dict[str, Any]) -> str:
    """Put the second network's curve and the best one into the picture, on an axis of their own; gives the caption."""
    symbol = "f" if config.is_critic else "D"
    first = len(data)
    data += [lines("@critic", 3, f"{symbol}(x)"), lines("@exact", 2.2, f"best {symbol}*(x)", dash="dash")]
    for trace in data[first:]:
        trace |= {"yaxis": "y2", "hoverinfo": "x+y+name"}
    bind += [
        {"use": "curve", "trace": first, "arrays": {"x": "score.x", "y": "score.y"}},
        {"use": "curve", "trace": first + 1, "arrays": {"x": "score.x", "y": "score.best"}},
    ]
    layers.append(layer("score", f"{symbol}(x)", [first], "@critic", "━", ("score",)))
    layout["yaxis2"] = {
        "title": {"text": f"{symbol}(x)"}, "overlaying": "y", "side": "right", "showgrid": False, "zeroline": False,
        "automargin": True, "tickmode": "auto", "nticks": 6,
        **({"range": [0, 1]} if config.objective in ("minimax", "nonsaturating") else {}),
    }  # fmt: skip
    if not points(config.data).is_known:
        return f"The density of these data is not known, nor the best {symbol}*."
    layers.append(layer("best", f"best {symbol}*", [first + 1], "@exact", "╌", ("score",)))
    if config.is_critic:
        sign = "its sign that of F<sub>q</sub> − F<sub>p</sub>"
        return f"f*: slope ±K, {sign}, K the steepest of f. W₁ now: {{info.best_loss}}"
    best = "(b p + a q)/(p + q)" if config.objective == "lsgan" else "p/(p + q)"
    return f"D* = {best}, q counted from 4,096 generated points. L<sub>D</sub> with it now: {{info.best_loss}}"


def map_panel(config: Config, area: tuple[str, str]) -> Panel:
    """What the generator or decoder makes of each code, beside the rising map that would make exactly the data."""
    gan = isinstance(config, GANConfig)
    dims = config.noise_dim if gan else config.latent_dim
    name = "G(z)" if gan else "x̂(z)"
    known = points(config.data).is_known
    data = [lines("@generator", 3, name), lines("@real", 2, "T(z)", dash="dash")]
    for trace in data:
        trace["hoverinfo"] = "x+y+name"
    bind = [
        {"use": "curve", "trace": 0, "arrays": {"x": "pushforward.z", "y": "pushforward.x"}},
        {"use": "curve", "trace": 1, "arrays": {"x": "pushforward.z", "y": "pushforward.ideal"}},
    ]
    layers = [layer("made", name, [0], "@generator", "━", ("pushforward",))]
    if known:
        layers.append(layer("ideal", "T = F⁻¹∘Φ", [1], "@real", "╌", ("pushforward",)))
    layout = {
        "xaxis": {"title": {"text": "z" if dims == 1 else "z₁, the others 0"}, "zeroline": False},
        "yaxis": {"title": {"text": "x"}, "zeroline": False},
    }
    noise = "F of the noise" if gan and config.noise == "uniform" else "Φ that of N(0, 1)"
    caption = f"T: the rising map that makes the data of one number of noise, F their distribution function, {noise}."
    return Panel(
        "pushforward", "plot", "Map z → x", area, (),
        {
            "figure": {"data": data, "layout": layout}, "bind": bind, "layers": layers,
            "caption": caption if known else "",
        },
    )  # fmt: skip


def _bars(colour: str, name: str) -> dict[str, Any]:
    return {
        "type": "bar", "name": name, "x": [], "y": [], "opacity": 0.45,
        "marker": {"color": colour, "line": {"color": colour, "width": 0.6}},
        "hovertemplate": f"x = %{{x:.2f}}: %{{y:.3f}}<extra>{name}</extra>",
    }  # fmt: skip


def _histogram(trace: int, array: str, extent: float) -> dict[str, Any]:
    return {
        "use": "density", "trace": trace, "arrays": {"points": array}, "column": 0, "bins": BINS,
        "range": [-extent, extent],
    }  # fmt: skip
