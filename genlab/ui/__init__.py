"""Streamlit pieces that the pages share: shell, run bar, controls drawn from the settings."""
