"""Figures of the theory pages, one module for each page: arrays from genlab.theory in, Plotly figures out."""
