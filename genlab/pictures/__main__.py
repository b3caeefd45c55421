"""``python -m genlab.pictures {home,cards,lab}``: draw those pictures anew, all without a word."""

import sys

from genlab.pictures.lab import LAB, photograph
from genlab.pictures.strips import CARDS, HOME_PICTURE, card, home
from genlab.scenarios import HOME, SCENARIOS

KINDS = ("home", "cards", "lab")


def main(kinds: list[str]) -> int:
    """Draw these kinds of pictures, or all; returns the exit status."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        print(f"genlab: {unknown[0]}: allowed is {', '.join(KINDS)}", file=sys.stderr)
        return 2
    wanted = kinds or KINDS
    if "home" in wanted:
        HOME_PICTURE.write_text(home(), encoding="utf-8")
    if "cards" in wanted:
        CARDS.mkdir(exist_ok=True)
        for name in HOME:
            (CARDS / f"{name}.svg").write_text(card(SCENARIOS[name]), encoding="utf-8")
    if "lab" in wanted:
        why = photograph(LAB)
        if why:
            print(f"genlab: lab: {why}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
