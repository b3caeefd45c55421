"""genlab: train small generative models live and see how they learn and fail."""

__version__ = "0.1.0"
