"""The networks: encoder, decoder, generator, critic."""

from genlab.models.build import PIXELS, critic, decoder, encoder, generator
from genlab.models.flat import FlatParameters
from genlab.models.networks import Encoder
from genlab.models.stack import stack

__all__ = ["PIXELS", "Encoder", "FlatParameters", "critic", "decoder", "encoder", "generator", "stack"]
