"""What is kept of a class, so that it outlives the server."""

from pydantic import BaseModel, ConfigDict

from genlab.runtime.leading import Lead, Question


class ClassFile(BaseModel):
    """The class as it stands in its file; what is no such file raises ValueError.

    ``key`` is the signature of the passphrase with which it was opened.
    """

    model_config = ConfigDict(strict=True)

    key: str
    code: str
    lecturers: list[str]
    members: list[str]
    paused: list[str]
    given: dict[str, str]
    shown: str
    leading: Lead | None
    question: Question | None
    stations: dict[str, Question]
