"""The optimal discriminator between two known densities, and what it teaches the generator."""

from genlab.theory.discriminator import on_line, optimal_value
from genlab.theory.divergences import Mixture
from genlab.ui.theory import Now, formula, settings

with settings("discriminator") as column:
    m = column.number("mean", "q's mean", -6.0, 6.0, 2.0)

value = optimal_value(on_line(Mixture(0.0, 1.0), Mixture(m, 1.0)))
formula(r"V(D^*) = -\log 4 + 2\,\mathrm{JS}(p, q)", Now("V(D^*)", f"{value:.4f} nats"))
