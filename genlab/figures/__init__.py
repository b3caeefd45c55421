"""From a configuration to what the live component draws: panels, their grid, the formula. No torch, no data."""

from genlab.figures.gan import gan_view
from genlab.figures.panels import Panel, View
from genlab.figures.stages import stages_picture
from genlab.figures.twins import bar_view, curves_view, picture_view
from genlab.figures.vae import vae_view

__all__ = ["Panel", "View", "bar_view", "curves_view", "gan_view", "picture_view", "stages_picture", "vae_view"]
