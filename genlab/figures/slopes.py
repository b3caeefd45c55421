"""How steep the generator's loss is where its points are judged: several losses before the same discriminator."""

from typing import Any

from genlab.config import GANConfig
from genlab.figures.panels import DRAWN, Panel, dots, lines

REACH = 2.0
"""How far from its target LSGAN's D is shown."""


def slopes_panel(config: GANConfig) -> Panel:
    """|∂L_G/∂score| over what D says, with the generated examples on it; of cross-entropy for both of its losses."""
    squares = config.objective == "lsgan"
    traces, bind, layout, caption = _squares(config) if squares else _cross_entropy(config)
    return Panel(
        "slopes", "plot", "Slopes", ("more", "extra"), ("slopes",),
        {"figure": {"data": traces, "layout": layout}, "bind": bind, "caption": caption},
    )  # fmt: skip


def _cross_entropy(config: GANConfig) -> tuple[list, list, dict, str]:
    """Traces, bindings, layout and caption."""
    minimax, practice = "log(1 − D), minimax", "−log D, in practice"
    taken = config.objective == "minimax"
    traces = [
        lines("@generator", 2, minimax, x=(0, 1), y=(0, 1), dash="solid" if taken else "dot"),
        lines("@exact", 2, practice, x=(0, 1), y=(1, 0), dash="dot" if taken else "solid"),
        dots("@generated", "diamond" if taken else "diamond-open", 7, "generated, minimax"),
        dots("@exact", "circle-open" if taken else "circle", 7, "generated, in practice"),
    ]
    layout = _layout("D(G(z)) of generated examples", "slope in logit", (0, 1), (0, 1))
    layout["annotations"] = [_name("log(1 − D)", 0.98, 0.98, "right"), _name("−log D", 0.02, 0.98, "left")]
    caption = (
        "Both losses before this one discriminator; solid: the one that trains. Mean slope now: log(1 − D), minimax, "
        "{info.slope_minimax}; −log D, in practice, {info.slope_practice}. Same fixed points, but where D is sure, on "
        "the left, log(1 − D) is flat."
    )
    return traces, _bind("minimax", "practice", first=2), layout, caption


def _squares(config: GANConfig) -> tuple[list, list, dict, str]:
    c = config.lsgan_c
    traces = [
        lines("@generator", 2, "½(D − c)²", x=(c - REACH, c, c + REACH), y=(REACH, 0, REACH)),
        dots("@generated", "diamond", 7, "generated"),
    ]
    layout = _layout("D(G(z)) of generated examples", "slope |D − c|", (c - REACH, c + REACH), (0, REACH))
    caption = (
        "½(D − c)², c = {config.lsgan_c}: however sure D is, its slope is the distance to c, and only there it is "
        "flat. Mean slope now: {info.slope_squares}."
    )
    return traces, _bind("squares", first=1), layout, caption


def _layout(x: str, y: str, wide: tuple, high: tuple) -> dict[str, Any]:
    def room(low: float, top: float) -> list[float]:
        return [low - 0.03 * (top - low), top + 0.06 * (top - low)]

    return {
        "xaxis": {"title": {"text": x}, "range": room(*wide), "zeroline": False},
        "yaxis": {"title": {"text": y}, "range": room(*high), "zeroline": False},
    }


def _bind(*losses: str, first: int) -> list[dict[str, Any]]:
    return [
        {"use": "columns", "trace": i, "arrays": {"points": f"slopes.{loss}"}, "columns": [0, 1], "count": DRAWN}
        for i, loss in enumerate(losses, start=first)
    ]


def _name(text: str, x: float, y: float, side: str) -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "xanchor": side, "yanchor": "bottom", "showarrow": False}
