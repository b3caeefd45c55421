"""The inference stage: models are chosen, and the generator or decoder alone makes new examples."""

from genlab.ui.inference.choosing import about, choose_models, choose_view
from genlab.ui.inference.codes import interpolation, sliders
from genlab.ui.inference.samples import samples

__all__ = ["VIEWS", "about", "choose_models", "choose_view"]

VIEWS = {"samples": samples, "sliders": sliders, "interpolation": interpolation}
"""What is drawn under the choice of a view."""
