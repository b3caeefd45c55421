"""What the models learn: distributions in the plane with their true density, and sets of 28×28 images."""

from genlab.data.images import EMBEDDED, DataUnavailable, ImageSet, images
from genlab.data.points import POINT_DISTRIBUTIONS, Distribution, points
from genlab.data.references import References, references

__all__ = [
    "EMBEDDED",
    "POINT_DISTRIBUTIONS",
    "DataUnavailable",
    "Distribution",
    "ImageSet",
    "References",
    "images",
    "points",
    "references",
]
