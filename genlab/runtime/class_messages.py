"""What a page of a class may send over its socket, written down once; the answers are packets of JSON alone."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from genlab.runtime.leading import MOST_CHOICES
from genlab.runtime.messages import ClientMessageError, Message, Pong, encode
from genlab.runtime.visitors import LONGEST_NAME

LONGEST_QUERY = 2000

Tab = Annotated[str, Field(min_length=8, max_length=40)]


class LeadOn(Message):
    """Who leads: from now on everybody looks where this tab is; "" ends it."""

    type: Literal["lead"]
    tab: Tab | Literal[""]


class GoOn(Message):
    """The tab that leads is there; once it is closed another tab of the same person takes its place with this."""

    type: Literal["go_on"]
    tab: Tab


class Move(Message):
    """The tab that leads shows this now."""

    type: Literal["move"]
    tab: Tab
    page: Annotated[str, Field(pattern=r"^[a-z]{2,30}$")]
    query: Annotated[str, Field(max_length=LONGEST_QUERY)]
    panels: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=30)]
    look: Annotated[int, Field(ge=0, le=2**53)] | None


class Follow(Message):
    """Whether this page shows what everybody looks at."""

    type: Literal["follow"]
    follows: bool


class Call(Message):
    """How the visitor wants to be called; "" for an animal."""

    type: Literal["call"]
    name: Annotated[str, Field(max_length=4 * LONGEST_NAME)]


class Answer(Message):
    """A choice of the question that everybody is asked."""

    type: Literal["answer"]
    choice: int = Field(ge=0, lt=MOST_CHOICES)


class Reveal(Message):
    """Who leads: show everybody what was answered."""

    type: Literal["reveal"]


class Wall(Message):
    """Who leads: send every student's run, or send them no more."""

    type: Literal["wall"]
    on: bool


ClassMessage = LeadOn | GoOn | Move | Follow | Call | Answer | Reveal | Wall | Pong
_CLASS_MESSAGE: TypeAdapter[ClassMessage] = TypeAdapter(Annotated[ClassMessage, Field(discriminator="type")])


def parse_class_message(text: str) -> ClassMessage:
    """The validated message of a page; raises :class:`ClientMessageError` in one line."""
    try:
        return _CLASS_MESSAGE.validate_json(text)
    except ValidationError as error:
        raise ClientMessageError.of(error) from None


def class_packet(seen: dict[str, Any]) -> bytes:
    """A packet without arrays: what a page knows of the class, see :meth:`genlab.runtime.classroom.Classroom.seen`."""
    return encode({"kind": "class", **seen})
