"""The server of the lab: pages, live routes and the life of the workers; start it with ``streamlit run app.py``."""

import streamlit as st
from starlette.middleware import Middleware

from genlab.live.addresses import Addresses
from genlab.live.guard import Guard
from genlab.live.proxies import HostAsSeen
from genlab.live.routes import routes
from genlab.live.sandbox import Sandboxes
from genlab.live.server import lifespan
from genlab.live.visitors import Cookies
from genlab.live.wire import Wires
from genlab.runtime.access import pages_act_for
from genlab.ui import UI
from genlab.ui.errors import say
from genlab.ui.visitor import visitor

pages_act_for(visitor)
app = st.App(
    UI / "shell.py",
    routes=routes(),
    middleware=[
        Middleware(Wires),
        Middleware(Addresses),
        Middleware(Guard),
        Middleware(HostAsSeen),
        Middleware(Cookies),
        Middleware(Sandboxes),
    ],
    lifespan=lifespan,
    on_script_error=say,
)
