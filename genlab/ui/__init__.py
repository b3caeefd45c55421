"""Streamlit pieces that the pages share: shell, run bar, controls drawn from the settings."""

from pathlib import Path

UI = Path(__file__).resolve().parent
ASSETS = UI / "assets"
PAGES = UI.parent.parent / "pages"
