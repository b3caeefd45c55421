"""The server of the lab: pages, live routes and the life of the workers; start it with ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from genlab.live.addresses import Addresses
from genlab.live.proxies import HostAsSeen
from genlab.live.routes import routes
from genlab.live.sandbox import Sandboxes
from genlab.live.server import lifespan
from genlab.live.visitors import Cookies
from genlab.live.wire import Wires
from genlab.runtime.access import pages_act_for
from genlab.ui.errors import say
from genlab.ui.visitor import visitor

SHELL = Path(__file__).parent / "genlab" / "ui" / "shell.py"

pages_act_for(visitor)
app = st.App(
    SHELL,
    routes=routes(),
    middleware=[
        Middleware(Wires),
        Middleware(Addresses),
        Middleware(HostAsSeen),
        Middleware(Cookies),
        Middleware(Sandboxes),
    ],
    lifespan=lifespan,
    on_script_error=say,
)
