"""The colours of the lab: the same thing has the same colour on every page, in both themes.

A figure names a colour by token ("@real"); the live component looks the token up in the palette of the theme that
is on. Tokens ``@text``, ``@muted``, ``@grid`` and ``@background`` come from Streamlit's theme itself.
"""

BACKGROUND = {"light": "#ffffff", "dark": "#0e1117"}
"""Page backgrounds of the two themes in .streamlit/config.toml: what the contrasts are computed against."""

TEXT = {"light": "#14181d", "dark": "#eef2f6"}

_MARKS = {
    "light": {
        "real": "#0072B2",
        "generated": "#D55E00",
        "prior": "#808080",
        "critic": "#009E73",
        "reconstruction": "#B07400",
        "kl": "#AA5FA8",
        "weighted_kl": "#C2185B",
    },
    # The same hues, brighter: on a dark ground the others look dull from the last row.
    "dark": {
        "real": "#56B4E9",
        "generated": "#FF8C42",
        "prior": "#A6A6A6",
        "critic": "#2FCB9B",
        "reconstruction": "#E0A526",
        "kl": "#D08CCE",
        "weighted_kl": "#FF5C95",
    },
}
_ALIKE = {"generator": "generated", "sum": "prior", "elbo": "critic", "exact": "reconstruction", "arrows": "kl"}
_CLASSES = {
    "light": "#332288 #0072B2 #117733 #B8860B #D55E00 #882255 #AA5FA8 #007A87 #A0522D #5A5A5A".split(),
    "dark": "#9C8CFF #56B4E9 #44AA99 #DDCC77 #FF8C42 #E0788A #CC99FF #88E0EF #B5BD3A #BBBBBB".split(),
}
# Points are drawn over the field: its ends stay pale (light) or deep (dark) so that the points stand out at 3:1.
_FIELD = {
    "light": {"field_real": "#D0E7F6", "field_middle": "#FFFFFF", "field_fake": "#FEE4D2"},
    "dark": {"field_real": "#0A3F6B", "field_middle": "#0E1117", "field_fake": "#662B0C"},
}

PALETTE: dict[str, dict[str, str]] = {
    theme: {
        **marks,
        **{token: marks[other] for token, other in _ALIKE.items()},
        **_FIELD[theme],
        **{f"class{i}": colour for i, colour in enumerate(_CLASSES[theme])},
    }
    for theme, marks in _MARKS.items()
}
"""Theme → token → colour. Latent classes are ten colours that also differ in lightness."""

CLASS_SYMBOLS = (
    "circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star", "pentagon", "hexagram",
)  # fmt: skip
"""One marker for each class, so that the classes can be told apart without colour."""

FIELD_SCALE = [[0, "@field_fake"], [0.5, "@field_middle"], [1, "@field_real"]]
"""Critic's field: low (generated, vermilion) to high (real, blue) through a neutral middle."""

POSITION_SCALE = [[0, "@real"], [0.33, "@critic"], [0.67, "@kl"], [1, "@real"]]
"""A closed cycle of hues, without that of generated points, for points coloured by the angle of their position."""


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink(token: str, theme: str) -> str:
    """The colour of a token as text: moved towards the theme's text colour until it reads on the background (4.5:1)."""
    colour, steps = PALETTE[theme][token], 20
    mixed = (mix(colour, TEXT[theme], i / steps) for i in range(steps + 1))
    return next(shade for shade in mixed if contrast(shade, BACKGROUND[theme]) >= 4.5)


def mix(one: str, other: str, share: float) -> str:
    """Of two colours ``#rrggbb`` the one that lies so far from the first to the second."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * a + share * b):02x}" for a, b in pairs)
