"""The process that speaks Ray for the web process: ``python -m genlab.runtime.cluster.ferry``.

Ray ends a process whose cluster is gone, and brings a hundred threads: neither is for the one that shows pages. What
comes in on stdin and goes out on stdout are pickles of tuples; only parent and child write there.

in:  ("begin", address, namespace, settings, workers) once, ("tell", node, order), ("part", node).
out: ("here",) as a sign of life, ("troubles", lines), ("join", node, name, home, workers), ("hear", node, records),
     ("drain", node), ("lost", node, why).
"""

import os
import pickle
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from genlab.runtime.cluster.node import Node, edition

LOOK = 1.0
"""Seconds between two looks at which machines there are."""
BEAT = 0.4
"""Seconds after which a machine answers even if it has nothing to say."""
SILENCE = 7.0
"""Seconds without an answer after which a machine counts as hung or dead."""
COMES_UP = 60.0
"""Seconds that the first answer of a machine may take."""
AGAIN = 20.0
"""Seconds after which a machine that was lost, or did not come up, is tried again."""
MOST_WORKERS = 16
"""On one machine, where the server's settings do not say how many."""
ORDERS = 64
"""Passed on at a time."""


class Ferry:
    """What it knows of the cluster."""

    def __init__(self, ray: Any, namespace: str, settings: dict[str, str], workers: int | None, say):
        self._ray, self._namespace, self._settings, self._workers = ray, namespace, settings, workers
        self.say = say
        self._links: dict[str, Link] = {}
        self._troubles: dict[str, str] = {}
        self._told: list[str] | None = None
        self._not_before: dict[str, float] = {}
        self._drained: set[str] = set()
        self._numbers = 0
        self._lock = threading.Lock()
        self._end_what_is_left()

    def _end_what_is_left(self) -> None:
        """The hosts of this home's last server: what they had not sent yet is lost with it."""
        for name in self._ray.util.list_named_actors():
            with suppress(ValueError):
                self._ray.kill(self._ray.get_actor(name))

    def look(self) -> None:
        """Join the machines that are new, and say which ones are to be left."""
        nodes = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        draining = _draining()
        gone = [node_id for node_id in self._troubles if node_id and node_id not in nodes]
        for node_id in gone:
            del self._troubles[node_id]
        for node_id in draining & self._links.keys() - self._drained:
            self._drained.add(node_id)
            self.say("drain", node_id)
        useful = [node for node in nodes.values() if node["Resources"].get("CPU", 0) >= 1]
        for node in useful:
            node_id = node["NodeID"]
            known = node_id in self._links or node_id in draining
            if not known and time.monotonic() >= self._not_before.get(node_id, 0.0):
                self._not_before[node_id] = float("inf")
                threading.Thread(target=self._join, args=(node,), daemon=True).start()
        self._troubles[""] = "" if useful else "No machine of the cluster offers a CPU: runs train on this one."
        troubles = [line for line in self._troubles.values() if line]
        if troubles != self._told:
            self._told = troubles
            self.say("troubles", troubles)
        self.say("here")

    def _join(self, node: dict[str, Any]) -> None:
        node_id, name = node["NodeID"], f"{node['NodeManagerHostname']}-{node['NodeID'][:4]}"
        self._numbers += 1
        actor = None
        try:
            workers = self._workers or min(int(node["Resources"]["CPU"]), MOST_WORKERS)
            settings = {**self._settings, "GENLAB_WORKERS": str(workers)}
            actor = self._host_on(node_id, f"{name}-{self._numbers}", settings)
            about = self._ray.get(actor.about.remote(), timeout=COMES_UP)
            why = misfit(about)
        except Exception as error:
            why = f"it does not come up: {_one_line(error)}"
        if why:
            self._troubles[node_id] = f"The machine {name} is not used: {why}."
            self._not_before[node_id] = time.monotonic() + AGAIN
            self._end(actor)
            return
        self._troubles.pop(node_id, None)
        link = self._links[node_id] = Link(self, node_id, actor)
        self.say("join", node_id, name, about["home"], workers)
        link.start()

    def _host_on(self, node_id: str, name: str, settings: dict[str, str]) -> Any:
        """One detached actor there. It takes none of the machine's CPUs by Ray's count: its workers do."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node_id, soft=False)
        options = {"lifetime": "detached", "num_cpus": 0, "max_concurrency": 8, "max_restarts": 0}
        return self._ray.remote(Node).options(name=name, scheduling_strategy=there, **options).remote(settings)

    # ---- what the web process asks ----

    def tell(self, node_id: str, order: tuple) -> None:
        if link := self._links.get(node_id):
            link.orders.put(order)

    def part(self, node_id: str) -> None:
        """A machine has no runs any more."""
        if link := self._links.pop(node_id, None):
            threading.Thread(target=link.close, daemon=True).start()

    def lost(self, node_id: str, why: str) -> None:
        """A machine does not answer: whatever still lives there is ended."""
        with self._lock:
            link = self._links.pop(node_id, None)
        if link:
            self._not_before[node_id] = time.monotonic() + AGAIN
            self.say("lost", node_id, why)
            link.close()

    def end(self) -> None:
        """Leave all machines."""
        closers = [threading.Thread(target=link.close) for link in self._links.values()]
        for thread in closers:
            thread.start()
        for thread in closers:
            thread.join()
        with suppress(Exception):
            self._ray.shutdown()

    def _end(self, actor: Any) -> None:
        if actor is None:
            return
        with suppress(Exception):
            self._ray.get(actor.leave.remote(), timeout=2)
        with suppress(Exception):
            self._ray.kill(actor)


class Link:
    """The two threads that speak with one machine: a call of each kind is under way at a time."""

    def __init__(self, ferry: Ferry, node_id: str, actor: Any):
        self._ferry, self._node_id, self._actor = ferry, node_id, actor
        self.orders: queue.SimpleQueue = queue.SimpleQueue()
        self._closed = False

    def start(self) -> None:
        for work in (self._tell, self._hear):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self._closed = True
        self.orders.put(None)
        self._ferry._end(self._actor)

    def _hear(self) -> None:
        ray = self._ferry._ray
        try:
            while not self._closed:
                answer = self._actor.hear.remote(BEAT)
                # In two halves: what this process sleeps through itself is at most one of them.
                ray.wait([answer], timeout=SILENCE / 2)
                self._ferry.say("hear", self._node_id, ray.get(answer, timeout=SILENCE / 2))
        except Exception as error:
            self._lose(error)

    def _tell(self) -> None:
        ray = self._ferry._ray
        try:
            while (order := self.orders.get()) is not None and not self._closed:
                orders = [order]
                while len(orders) < ORDERS and not self.orders.empty() and (order := self.orders.get()) is not None:
                    orders.append(order)
                ray.get(self._actor.tell.remote(orders), timeout=COMES_UP)
        except Exception as error:
            self._lose(error)

    def _lose(self, error: Exception) -> None:
        if not self._closed:
            silent = type(error).__name__ == "GetTimeoutError"
            self._ferry.lost(self._node_id, f"silent for {SILENCE:g} s" if silent else _one_line(error))


def misfit(about: dict[str, Any]) -> str:
    """Why a machine of which this is known cannot be used, in words; "" when it can."""
    if about["edition"] != edition():
        return f"genlab {about['edition']} is installed there, and {edition()} here; install the same"
    if about["auth"] != "token":
        return "Ray was started there without RAY_AUTH_MODE=token"
    return ""


def _draining() -> set[str]:
    from ray._private.state import state

    try:
        return set(state.get_draining_nodes())
    except Exception:
        # Not public: where it is not there any more, machines leave as those that are lost do.
        return set()


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # What went wrong over there stands last, below its traceback.
    return (lines[-1] if lines else type(error).__name__)[:200].rstrip(".")


def main() -> None:
    """Entry of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(*message: Any) -> None:
        try:
            with lock:
                pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
                pipe.flush()
        except OSError:
            os._exit(1)

    _, address, namespace, settings, workers = pickle.load(sys.stdin.buffer)
    try:
        import ray

        ray.init(address=address, namespace=namespace, log_to_driver=False, logging_level="error")
        ferry = Ferry(ray, namespace, settings, workers, say)
    except Exception as error:
        why = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        say("troubles", [f"The Ray cluster at {address} cannot be reached: {why or type(error).__name__}."])
        os._exit(1)
    threading.Thread(target=_look, args=(ferry,), daemon=True).start()
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            what, *about = pickle.load(sys.stdin.buffer)
            getattr(ferry, what)(*about)
    ferry.end()
    os._exit(0)


def _look(ferry: Ferry) -> None:
    while True:
        with suppress(Exception):
            ferry.look()
        time.sleep(LOOK)


if __name__ == "__main__":
    main()
