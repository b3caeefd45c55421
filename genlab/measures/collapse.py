"""Whether a latent dimension still says anything about the data."""

ACTIVE_VARIANCE = 0.01


def active_units(means):
    """Which latents are active: Var_x(E_q[z_j|x]) > 0.01, for posterior means (n, k) of many x → (k,) booleans.

    Takes and gives a NumPy array or a torch tensor. Source: Burda et al. 2016, section 5.2.
    """
    return means.var(0) > ACTIVE_VARIANCE
