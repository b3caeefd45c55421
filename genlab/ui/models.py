"""Models to generate with: the shipped ones, every stored run, and files that a visitor brings."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from genlab.checkpoints import Card, CheckpointError, inspect
from genlab.config import Config
from genlab.runtime import client
from genlab.top import TOP
from genlab.ui.library import title, what

SHIPPED = TOP / "checkpoints"


@dataclass(frozen=True)
class Model:
    """A file that can generate. ``key`` is how the address names it: shipped:NAME, run:ID or upload:DIGEST."""

    key: str
    title: str
    path: Path
    card: Card

    @property
    def config(self) -> Config:
        return self.card.config

    @property
    def network(self) -> str:
        """The one network that the inference stage needs."""
        return "decoder" if self.config.model == "vae" else "generator"

    @property
    def dimension(self) -> int:
        """How many numbers of noise, or latents, make one example."""
        return self.config.latent_dim if self.config.model == "vae" else self.config.noise_dim

    @property
    def uniform(self) -> bool:
        """Whether the noise is uniform on [−1, 1] rather than N(0, I)."""
        return self.config.model == "gan" and self.config.noise == "uniform"


def choices() -> dict[str, str]:
    """Key → title of everything that can be chosen: shipped, uploaded by this visitor, then runs, the last first."""
    found = {f"shipped:{name}": name.replace("_", " ") for name in shipped()}
    found |= st.session_state.get("uploads", {})
    return found | {f"run:{run.state.run_id}": title(run) for run in client.get_lab().runs() if run.saved}


@cache
def shipped() -> list[str]:
    """The names of the shipped models, those first whose pictures lie nearest to real digits, as was measured."""
    cards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.json"))}
    return sorted(cards, key=lambda name: cards[name]["measures"].get("frechet_distance", math.inf))


def find(key: str) -> Model:
    """The model of that key; raises CheckpointError in one line when there is none or its file is not whole."""
    kind, _, name = key.partition(":")
    store = client.get_lab().store
    try:
        if kind == "shipped" and name in shipped():
            path = SHIPPED / f"{name}.safetensors"
        else:
            path = {"run": store.checkpoint, "upload": store.upload}[kind](name)
    except (KeyError, ValueError):
        raise CheckpointError(f"model = {key[:60]}: there is no such model here") from None
    if not path.exists():
        raise CheckpointError(f"model = {key[:60]}: there is no such model here")
    return Model(key, choices().get(key, key), path, inspect(path))


def take_upload(content: bytes, name: str) -> str:
    """Check a visitor's file and keep it; the key under which it can be chosen."""
    uploads = st.session_state.setdefault("uploads", {})
    key = f"upload:{client.get_lab().keep_upload(content, name).stem}"
    uploads[key] = f"{name} · {key[7:12]}"
    return key


def loaded(model: Model, tensors: int) -> str:
    """What was read of the file for generating, and what was left in it."""
    numbers: Counter[str] = Counter()
    for name, (_, shape) in model.card.tensors.items():
        numbers[name.split("/")[0]] += math.prod(shape)
    rest = [f"{words} ({numbers[group]:,} numbers)" for group, words in _OTHERS.items() if group in numbers]
    left = f"Not even loaded: {'; '.join(rest)}." if rest else "The file holds nothing else."
    return f"**Loaded: the {model.network} alone**, {tensors} tensors, {numbers[model.network]:,} numbers. {left}"


_OTHERS = {
    "critic": "the discriminator or critic",
    "encoder": "the encoder",
    "optimizer": "the optimizers' moments",
    "history": "the curves",
    "measured": "the last measurement",
}


def story(model: Model) -> str:
    """What the model is and where it stands."""
    data = model.config.settings()["data"].word(model.config.data)
    return (
        f"{what(model.config)} · {model.card.step:,} steps · {data} · {model.dimension} "
        f"{'latents' if model.network == 'decoder' else 'noise numbers'}"
    )


def how_made(model: Model) -> str:
    """The command that makes a shipped model again; "" for others."""
    card = model.path.with_suffix(".json")
    if not model.key.startswith("shipped:") or not card.exists():
        return ""
    return json.loads(card.read_text(encoding="utf-8"))["command"]
