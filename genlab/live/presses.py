"""A press acts, whatever is asked for right after it.

Streamlit hears of the next request of a tab wherever a script touches the session, also in a callback and on its way
there: it then breaks the run off, and the press that this run was asked for by is lost. Such a request comes from the
page itself: the address of another run is noted in the browser's history, which asks for a run of its own.
"""

from functools import wraps

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner


def keep_presses() -> None:
    """Have a script run listen for the next request once its callbacks have run; for the server, as it starts."""
    listen = getattr(ScriptRunner, "_maybe_handle_execution_control_request", None)
    # Twice in one process is once; a Streamlit without it has other ways, which the tests would show.
    if listen is None or hasattr(listen, "__wrapped__"):
        return

    @wraps(listen)
    def listen_once_started(runner: ScriptRunner) -> None:
        context = get_script_run_ctx(suppress_warning=True)
        if context is None or context.has_script_started:
            listen(runner)

    ScriptRunner._maybe_handle_execution_control_request = listen_once_started  # type: ignore[assignment, method-assign]
