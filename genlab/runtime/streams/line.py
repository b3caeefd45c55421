"""Streams of data on a line, where the best second network and the best generator can be written down."""

import numpy as np
import torch
from scipy.special import ndtr

from genlab.config import GANConfig
from genlab.data import Distribution, points
from genlab.numbers import random_stream
from genlab.runtime.streams.registry import Arrays, stream
from genlab.runtime.streams.view import View

PLACES = 140
"""Places of the line at which curves have their heights, and bins in which generated points are counted."""
COUNTED = 4096
"""Generated points of which the density is counted."""
FEW = 10
"""Points of both kinds in a bin below which the best network is not drawn there."""
CODES = 161
FINE = 4001
REACH = 3.0
WITHIN = 5
"""Places within a bin over which the true density is averaged."""


@stream("density", of="line")
def _density(view: View) -> Arrays:
    """The true density p(x), where it is known."""
    data = points(view.config.data)
    x = np.linspace(-data.extent, data.extent, 4 * PLACES)
    if not data.is_known:
        return {}
    return view.once("density", lambda: {"density.x": _f4(x), "density.p": _f4(data.density(x[:, None]))})


@stream("score", model="gan", of="line")
def _score(view: View) -> Arrays:
    """What the second network says along the line, and the best one against the present generator where p is known."""
    data = points(view.config.data)
    x = _centres(data)
    with torch.no_grad():
        score = view.trainer.critic(torch.tensor(x[:, None], dtype=torch.float32, device=view.trainer.device))
    score = score.reshape(-1).cpu().numpy().astype(np.float64)
    if view.config.objective in ("minimax", "nonsaturating"):
        score = 1 / (1 + np.exp(-score.clip(-700, 700)))
    arrays = {"score.x": _f4(x), "score.y": _f4(score)}
    if not data.is_known:
        return arrays
    p = view.once("binned density", lambda: _binned(data))
    with torch.no_grad():
        made = view.generate(view.once("counted noise", lambda: _noise(view)))
    q = _counted(made.cpu().numpy()[:, 0], data)
    best, loss = best_score(view.config, p, q, score, 2 * data.extent / PLACES)
    view.info["best_loss"] = loss
    if not view.config.is_critic:
        # Of a handful of points no share can be told.
        best[(p + q) * COUNTED * 2 * data.extent / PLACES < FEW] = np.nan
    return arrays | {"score.best": _f4(best)}


def _noise(view: View) -> torch.Tensor:
    return view.trainer.noise(COUNTED, random_stream(view.config.seed, "measure"))


def best_score(
    config: GANConfig, p: np.ndarray, q: np.ndarray, score: np.ndarray, width: float
) -> tuple[np.ndarray, float]:
    """The best second network against densities p and q in bins, (n,), and its loss, of a critic the distance W₁.

    A discriminator's is p/(p + q) (Goodfellow et al. 2014, proposition 1), with least squares (bp + aq)/(p + q) (Mao et
    al. 2017). A 1-Lipschitz critic's slope is the sign of F_q − F_p (on a line W₁ = ∫|F_p − F_q|); it is drawn with the
    steepest slope of ``score``, because a clipped critic's bound is not known, and with its mean. NaN where nothing is.
    """
    if config.is_critic:
        ahead = np.cumsum(q - p) * width
        steepest = float(np.abs(np.diff(score)).max() / width) if np.isfinite(score).all() else np.nan
        best = np.cumsum(np.sign(ahead)) * width * steepest
        return best - best.mean() + score.mean(), float(np.abs(ahead).sum() * width)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = p / (p + q)
        if config.objective == "lsgan":
            best = config.lsgan_b * share + config.lsgan_a * (1 - share)
            terms = p * (best - config.lsgan_b) ** 2 / 2 + q * (best - config.lsgan_a) ** 2 / 2
        else:
            best = share
            terms = -np.where(p > 0, p * np.log(share), 0) - np.where(q > 0, q * np.log(1 - share), 0)
    return best, float(np.nansum(terms) * width)


@stream("pushforward", of="line")
def _pushforward(view: View) -> Arrays:
    """What each code z₁ becomes, the others 0, and the rising map of the noise that gives exactly the data."""
    uniform = view.config.model == "gan" and view.config.noise == "uniform"
    reach = 1.0 if uniform else REACH
    codes = view.config.noise_dim if view.config.model == "gan" else view.config.latent_dim
    z = np.linspace(-reach, reach, CODES)
    grid = torch.zeros(CODES, codes, device=view.trainer.device)
    grid[:, 0] = torch.tensor(z, dtype=torch.float32)
    with torch.no_grad():
        x = view.generate(grid).reshape(-1).cpu().numpy()
    arrays = {"pushforward.z": _f4(z), "pushforward.x": _f4(x)}
    data = points(view.config.data)
    if not data.is_known:
        return arrays
    below = (z + 1) / 2 if uniform else ndtr(z)
    return arrays | {"pushforward.ideal": view.once("ideal", lambda: _f4(quantiles(data, below)))}


def quantiles(data: Distribution, shares: np.ndarray) -> np.ndarray:
    """F⁻¹ of shares (n,) of a distribution on a line, by the sum of its density over a fine grid."""
    x = np.linspace(-1.2 * data.extent, 1.2 * data.extent, FINE)
    density = data.density(x[:, None])
    below = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)]) * (x[1] - x[0])
    rising = np.diff(below) > 0
    # Where nothing lies the shares stand still: of each such stretch both ends.
    rises = np.flatnonzero(np.append(rising, False) | np.insert(rising, 0, False))
    return np.interp(shares * below[-1], below[rises], x[rises])


def _centres(data: Distribution) -> np.ndarray:
    return (np.arange(PLACES) + 0.5) * 2 * data.extent / PLACES - data.extent


def _binned(data: Distribution) -> np.ndarray:
    """The true density, averaged over each bin."""
    width = 2 * data.extent / PLACES
    within = ((np.arange(WITHIN) + 0.5) / WITHIN - 0.5) * width
    return data.density((_centres(data)[:, None] + within).reshape(-1, 1)).reshape(PLACES, WITHIN).mean(axis=1)


def _counted(x: np.ndarray, data: Distribution) -> np.ndarray:
    """The density of points (n,) in the bins; what lies outside counts in none."""
    counts, edges = np.histogram(x[np.isfinite(x)], PLACES, (-data.extent, data.extent))
    return counts / max(1, len(x)) / (edges[1] - edges[0])


def _f4(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
