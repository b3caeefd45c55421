"""Training steps written out by hand: forwards, backwards and updates on fixed buffers, without autograd."""

from genlab.training.draws import Draws
from genlab.training.explicit.capture import CapturedPlayer, captured
from genlab.training.explicit.gan import GANStep
from genlab.training.explicit.optimizers import Optimizer
from genlab.training.explicit.player import HostPlayer, Player, Schedule, Step
from genlab.training.explicit.probe import Probe
from genlab.training.explicit.program import HostProgram
from genlab.training.explicit.vae import VAEStep

__all__ = ["GANStep", "Optimizer", "Player", "Probe", "Step", "VAEStep", "player_for"]


def player_for(step: Step, draws: Draws, schedule: Schedule, rows: int) -> Player:
    """The player that suits the step's program."""
    if step.record.device.type == "cuda":
        return CapturedPlayer(step, draws, schedule, rows, captured)
    kind = HostPlayer if isinstance(step.program, HostProgram) else Player
    return kind(step, draws, schedule, rows)
