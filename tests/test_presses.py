"""A press acts, whatever else its tab asks for at that moment."""

import pytest
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from genlab.live.presses import keep_presses


def _page() -> None:
    """A button whose callback reads the session, as those of components do, and notes that it was pressed."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    def pressed() -> None:
        if st.session_state.get("comes") == "in the callback":
            get_script_run_ctx().script_requests.request_rerun(RerunData())
        st.session_state["presses"] = st.session_state.get("presses", 0) + 1

    st.button("Press", on_click=pressed)
    st.write("drawn")


@pytest.fixture
def patient(monkeypatch):
    """The lab's server has started in this process, until the test ends."""
    monkeypatch.setattr(
        ScriptRunner, "_maybe_handle_execution_control_request", ScriptRunner._maybe_handle_execution_control_request
    )
    keep_presses()
    keep_presses()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("comes", ["before the callback", "in the callback"])
def test_a_press_acts_once_though_another_request_comes_right_after_it(monkeypatch, comes):
    tab = AppTest.from_function(_page, default_timeout=20).run()
    tab.session_state["comes"] = comes
    if comes == "before the callback":
        answer = SafeSessionState.on_script_will_rerun

        def later(session, *values, **named):
            if not asked:
                asked.append(get_script_run_ctx().script_requests.request_rerun(RerunData()))
            answer(session, *values, **named)

        asked: list[bool] = []
        monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", later)
    tab.button[0].click().run()
    assert not tab.exception
    assert tab.session_state["presses"] == 1
    assert tab.markdown[0].value == "drawn"
