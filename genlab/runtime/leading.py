"""Where who leads a class is, so that everybody can be there, and what everybody is asked."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MOST_CHOICES = 6
LONGEST_QUESTION, LONGEST_CHOICE = 300, 80


@dataclass(frozen=True)
class Place:
    """What a page shows: its name, its parameters, the panels in front, and the step that is looked at, if any."""

    page: str
    query: str = ""
    panels: tuple[str, ...] = ()
    look: int | None = None


@dataclass(frozen=True)
class Lead:
    """A time during which everybody looks where one tab of ``who`` leads is; ``id`` tells it from other times."""

    id: str
    tab: str
    place: Place | None = None
    who: str = ""


@dataclass
class Question:
    """What everybody is asked, and the choice of each visitor who has answered.

    Revealed, everybody sees how often each choice was taken; where one of them is ``right`` (its index) that too, with
    ``because``. ``station`` is that of the lesson to which it belongs, as "lesson.station"; "" for a question of who
    leads.
    """

    text: str
    choices: tuple[str, ...]
    right: int | None = None
    because: str = ""
    station: str = ""
    revealed: bool = False
    answers: dict[str, int] = field(default_factory=dict)

    def tally(self) -> list[int]:
        """How often each choice was taken."""
        counted = Counter(self.answers.values())
        return [counted[number] for number in range(len(self.choices))]

    def seen_by(self, visitor: str) -> dict[str, Any]:
        """What a page of this visitor knows of it, as JSON values."""
        shown = self.revealed
        return {
            "text": self.text, "choices": self.choices, "mine": self.answers.get(visitor),
            "answered": len(self.answers), "tally": self.tally() if shown else None,
            "right": self.right if shown else None, "because": self.because if shown else "",
        }  # fmt: skip


def question_of(text: str, choices: list[str]) -> Question:
    """What somebody typed as a question; raises :class:`ValueError` in one line where it is none."""
    text = " ".join(text.split())
    kept = tuple(dict.fromkeys(" ".join(one.split()) for one in choices if one.strip()))
    if not text or not 2 <= len(kept) <= MOST_CHOICES:
        found = f"here {'is' if len(kept) == 1 else 'are'} {len(kept)}" if text else "here is no text"
        raise ValueError(f"A question needs a text and 2 to {MOST_CHOICES} choices that differ, a line each: {found}.")
    if len(text) > LONGEST_QUESTION:
        raise ValueError(f"A question has at most {LONGEST_QUESTION} characters: this one has {len(text):,}.")
    for number, one in enumerate(kept, 1):
        if len(one) > LONGEST_CHOICE:
            raise ValueError(f"A choice has at most {LONGEST_CHOICE} characters: choice {number} has {len(one):,}.")
    return Question(text, kept)
