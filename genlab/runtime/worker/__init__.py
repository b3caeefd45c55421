"""Inside a worker process: it hosts several runs and trains them in turns.

The rooms, in the order in which a command passes through them: ``__main__`` (the process and its pipes), ``inbox``
(what waits), ``loop`` (what comes when), ``questions`` (when there is time to answer), ``commands`` (what each asks
for), ``limits`` (whether it may cost so much), ``places`` (on which device), ``answers``, ``turns``, ``frames`` and
``saving`` (what is done for it), ``run`` (one run and its life).
"""

from genlab.runtime.worker.loop import Worker

__all__ = ["Worker"]
