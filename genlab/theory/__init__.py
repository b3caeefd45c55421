"""Exact mathematics without torch: divergences, evidence, reparameterisation, games, the optimal discriminator."""
