"""The Games page: two-parameter games, the ways to play them, and what the eigenvalues say of each."""

from genlab.figures.theory.games import games_motion
from genlab.live.player import player
from genlab.theory.games import play
from genlab.ui.games import choose_game, choose_methods, choose_start, presets, verdicts
from genlab.ui.theory import settings

with settings("games") as column:
    game = choose_game(column)
    methods = choose_methods(column, game)
    step, steps, start = choose_start(column)
    close = column.switch("close", "Eigenvalues close up", True, help="Off: the whole unit circle.")

presets(column)
runs = {name: play(game, method, start, step, steps) for name, (_, method) in methods.items()}
labels = {name: label for name, (label, _) in methods.items()}
below = f"{5.5 + 1.6 * len(runs)}rem"
player(
    games_motion(game, runs, labels, steps=steps, close=close, below=below),
    key="games.player", on_point=lambda x, y: column.set(theta=x, psi=y),
)  # fmt: skip
verdicts(game, runs, methods, step, steps)
