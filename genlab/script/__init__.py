"""Show me the code: any experiment as one plain PyTorch script, with nothing in it that the experiment does not use.

The script draws the random numbers of each step as the trainers do, so that on the CPU it reproduces the losses of a
run that started from these settings, up to the order in which sums are rounded.
"""

import re
from collections.abc import Mapping, Sequence

from genlab.config import Config, GANConfig, VAEConfig, setting_text
from genlab.script.data import images_source, own_source, points_source
from genlab.script.gan import gan_parts
from genlab.script.shared import arguments_source, imports_source, loop_source
from genlab.script.vae import vae_parts

_CHANGES_TOLD = 10
"""How many changed settings a script names, so that it stays short."""


def script(config: Config, steps: int = 2000, changes: Sequence[Mapping] = ()) -> str:
    """The source of a script, under 180 lines, that trains ``config``'s model for ``steps`` steps on the CPU.

    It needs torch and numpy alone, prints its losses and writes them with ``--csv FILE``; ``--steps N`` changes their
    number. For images and a person's own data it takes the path of the data as its first argument. ``changes`` are the
    trainer's: the script then trains with the settings with which the run began, and names in its docstring what was
    changed later.
    """
    for change in reversed(changes):
        config = config.replace(**{name: old for name, (old, _) in change["settings"].items()})
    if isinstance(config, VAEConfig):
        body = vae_parts(config)
    else:
        assert isinstance(config, GANConfig)
        body = gan_parts(config)
    docstring, networks, initialisation, optimizers, columns, step = body
    docstring = docstring.removesuffix('"""') + _told(changes) + '"""'
    parts = [
        docstring,
        imports_source("\n".join(body)),
        arguments_source(config, steps),
        _data_source(config),
        networks,
        initialisation,
        optimizers,
        loop_source(columns, step),
    ]
    return _two_blank_lines_around_functions("\n\n".join(part.strip("\n") for part in parts)) + "\n"


def _data_source(config: Config) -> str:
    if config.is_own:
        return own_source(config)
    return images_source(config.data) if config.is_images else points_source(config)


def _told(changes: Sequence[Mapping]) -> str:
    lines = [
        f"- after step {change['step']}: {name} from {setting_text(old)} to {setting_text(new)}"
        for change in changes
        for name, (old, new) in change["settings"].items()
    ]
    if not lines:
        return ""
    more = [f"- and {len(lines) - _CHANGES_TOLD} more"] if len(lines) > _CHANGES_TOLD else []
    return "\n".join(["\nChanged by hand during the run, not here:", *lines[:_CHANGES_TOLD], *more, ""])


def _two_blank_lines_around_functions(source: str) -> str:
    source = re.sub(r"\n+((?:# .*\n)?(?:def|class) \w+)", r"\n\n\n\1", source)
    return re.sub(r"(\n +(?:return|yield) .*)\n+(?=\S)", r"\1\n\n\n", source)
