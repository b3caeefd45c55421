"""Worker processes that host the runs, and the client through which pages and routes reach them.

Only ``worker`` and ``streams`` import torch; they are never imported by the web process.
"""
