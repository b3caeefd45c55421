"""The pictures of the home page and of the README, drawn from real runs: ``python -m genlab.pictures``."""
