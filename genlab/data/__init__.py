"""What the models learn: distributions in the plane with their true density, and sets of 28×28 images."""

from genlab.data.distribution import Distribution
from genlab.data.images import EMBEDDED, ImageSet, images
from genlab.data.missing import DataUnavailable
from genlab.data.points import POINT_DISTRIBUTIONS, points
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
