"""How tight the variational bound is, by numerical integration over one or two latents.

log p(x) = ELBO + amortisation gap + approximation gap, every term in nats of one example (Cremer et al. 2018).
"""

from genlab.measures.evidence.decomposition import TOLERANCE, Evidence, decompose_evidence, exact_evidence, posterior_kl
from genlab.measures.evidence.importance import importance_bound, importance_ladder
from genlab.measures.evidence.lattice import Posterior
from genlab.measures.evidence.likelihood import (
    LogLikelihood,
    bernoulli_likelihood,
    encode,
    examples,
    gaussian_likelihood,
    likelihood,
)

__all__ = [
    "Evidence",
    "LogLikelihood",
    "Posterior",
    "TOLERANCE",
    "bernoulli_likelihood",
    "decompose_evidence",
    "encode",
    "exact_evidence",
    "examples",
    "gaussian_likelihood",
    "importance_bound",
    "importance_ladder",
    "likelihood",
    "posterior_kl",
]
