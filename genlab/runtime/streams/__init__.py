"""What a worker can show of a trainer: each stream is a function from a view of it to named arrays.

A frame holds the union of what its watchers subscribed to. All fixed random numbers come from streams of the view,
so that looking at a run never changes it. To add a stream, write its function into the file of its kind of model.
"""

from genlab.maps.trainer import MapTrainer
from genlab.runtime.streams import both, gan, line, vae
from genlab.runtime.streams.map_view import MapView
from genlab.runtime.streams.registry import STREAMS
from genlab.runtime.streams.view import View
from genlab.training import Trainer

__all__ = ["STREAMS", "MapView", "View", "both", "gan", "line", "vae", "view_of"]


def view_of(trainer: Trainer | MapTrainer) -> View | MapView:
    """A run or a map as it is looked at."""
    return MapView(trainer) if isinstance(trainer, MapTrainer) else View(trainer)
