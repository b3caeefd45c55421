"""What one watcher asks of a run: how it is put to the worker, and the line in place of an answer that there is not."""

from concurrent.futures import Future

from genlab.runtime.client import CommandFailed, Watch
from genlab.runtime.messages import Decode, Encode, Examine, HeldOut, Look, Rehearse, encode

Question = Decode | Encode | Examine | Rehearse | Look


def put(watch: Watch, question: Question) -> Future:
    """Ask the worker; raises :class:`SettingError` for what cannot be asked of this run."""
    match question:
        case Look(step=step):
            assert step is not None
            return watch.look(step)
        case Decode():
            return watch.decode(question.id, question.z)
        case Rehearse():
            return watch.rehearse(question.id)
        case Examine():
            return watch.examine(question.id, question.cell)
        case Encode(x=x):
            return watch.encode(question.id, x.model_dump() if isinstance(x, HeldOut) else x, question.bound)


def why_not(question: Question, done: Future) -> str:
    """In one line why this question has no answer and will have none.

    "" where there is one, where asking once more may help, and where a run without a model says so itself.
    """
    if error := done.exception():
        kind, line = "refused" if isinstance(error, CommandFailed) else "", str(error)
    elif isinstance(reply := done.result(), bytes):
        return ""
    else:
        kind, line = reply["kind"], reply["error"]
    if kind == "failed":
        return failed(line)
    # Of all who ask, the next step in slow motion alone stands there with nothing but the answer to show.
    return line if kind == "setting" or (kind == "refused" and isinstance(question, Rehearse)) else ""


def failed(line: str) -> str:
    """That what was asked met an error that nobody foresaw, of which a worker told this line."""
    return f"This could not be worked out: {line.rstrip('.')}. The server's log says more."


def unanswered(run_id: str, question: Question, line: str) -> bytes:
    """A packet without arrays for the one who asked: ``asked`` what, with which ``id``, and the ``error``'s line."""
    number = 0 if isinstance(question, Look) else question.id
    return encode({"kind": "unanswered", "run": run_id, "asked": question.type, "id": number, "error": line})
