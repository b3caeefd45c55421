"""The evidence identity: log p(x) = ELBO + KL(q ‖ p(z|x)) in a latent model of one dimension."""

from genlab.theory.evidence import MODELS, evidence
from genlab.ui.theory import Now, formula, settings

with settings("evidence") as column:
    name = column.choice("model", "Model", {name: model.label for name, model in MODELS.items()}, "square")
    noise = column.number("noise", "Noise s of x|z", 0.1, 2.0, 0.5)
    x = column.number("x", "Observed x", -3.0, 4.0, 2.0)
    m = column.number("mean", "q's mean μ", -3.0, 3.0, 0.5)
    s = column.number("std", "q's σ", 0.05, 2.0, 0.8, step=0.01)

terms = evidence(MODELS[name](noise), x, m, s)
formula(
    r"\log p(x) = @elbo{L(x)} + @kl{\mathrm{KL}(q\,\|\,p(z|x))}",
    Now(r"\log p(x)", f"{terms.log_evidence:.4f}"),
    Now("@elbo{L(x)}", f"{terms.elbo:.4f}"),
    Now(r"@kl{\mathrm{KL}(q\,\|\,p(z|x))}", f"{terms.posterior_kl:.4f} nats"),
)
