"""Streamlit pieces that the pages share: shell, run bar, controls drawn from the settings."""

from pathlib import Path

from genlab.top import TOP

UI = Path(__file__).resolve().parent
ASSETS = UI / "assets"
PAGES = TOP / "pages"
