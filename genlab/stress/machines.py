"""A Ray cluster of several nodes on this machine, each of which can be killed, stopped, drained: for tests and stress.

``python -m genlab.stress.machines`` holds it: what starts one imports no Ray.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genlab.runtime.process import ROOT

OBJECTS = 100 * 10**6
"""Bytes of each node's object store."""
ATTEMPTS = 3


class Machines:
    """The cluster, seen from whoever plays with it; ``first`` is the node through which the web process is in it."""

    def __init__(self, cpus: int):
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
        self._token = tempfile.NamedTemporaryFile("w", prefix="genlab-token-", suffix=".txt", delete=False)
        with self._token as file:
            file.write(secrets.token_hex(32))
        self.environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": self._token.name}
        environment = {**os.environ, **self.environment, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0"}
        # Ray gives a node half a minute to start, which is too short on a crowded machine.
        for attempt in range(1, ATTEMPTS + 1):
            self._process = subprocess.Popen(
                [sys.executable, "-m", "genlab.stress.machines", str(cpus)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
            try:
                begun = self._answer()
                break
            except RuntimeError:
                if attempt == ATTEMPTS:
                    raise
        self.address, self.first = begun["address"], begun["node"]

    def add(self) -> str:
        """A further node joins; its id."""
        return self._ask("add", "")["node"]

    def kill(self, node: str) -> None:
        """Kill every process of a node at once, its workers too."""
        self._ask("kill", node)

    def stop(self, node: str) -> None:
        """Stop every process of a node, as a machine that hangs."""
        self._ask("stop", node)

    def drain(self, node: str) -> None:
        """Tell the cluster that a node is to be taken out of use."""
        self._ask("drain", node)

    def close(self) -> None:
        """End everything."""
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        Path(self._token.name).unlink(missing_ok=True)

    def _ask(self, do: str, node: str) -> dict[str, Any]:
        print(json.dumps({"do": do, "node": node}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the cluster's process ended with status {self._process.wait()}")
        return json.loads(line)


@contextmanager
def machines(cpus: int = 1) -> Iterator[Machines]:
    """A cluster of one node with so many CPUs, to which others can be added; gone at the end."""
    there = Machines(cpus)
    try:
        yield there
    finally:
        there.close()


# ---- the process that holds it --------------------------------------------------------------------------------------


def main() -> None:
    """Entry of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cpus = int(sys.argv[1])

    from ray.cluster_utils import Cluster

    options = {"object_store_memory": OBJECTS, "include_dashboard": False}
    cluster = Cluster()
    nodes = {}

    def add() -> str:
        node = cluster.add_node(num_cpus=cpus, **options)
        nodes[node.node_id] = node
        return node.node_id

    def say(**message: Any) -> None:
        print(json.dumps(message), file=out, flush=True)

    try:
        first = add()
        say(address=cluster.address, node=first)
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["do"] == "add":
                say(node=add())
            else:
                _do(asked["do"], nodes[asked["node"]], cluster.address)
                say()
    finally:
        for node in nodes.values():
            for process in _processes(node):
                with suppress(Exception):
                    process.kill()
        cluster.shutdown()


def _do(what: str, node: Any, address: str) -> None:
    if what == "drain":
        how = ["--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "test", "--address", address]
        ray = Path(sys.executable).with_name("ray")
        subprocess.run(
            [ray, "drain-node", "--node-id", node.node_id, "--deadline-remaining-seconds", "120", *how],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return
    for process in _processes(node):
        with suppress(Exception):
            process.send_signal(signal.SIGKILL if what == "kill" else signal.SIGSTOP)


def _processes(node: Any) -> list[Any]:
    """The node's own processes and all below them, the top first: it would start its children anew."""
    import psutil

    found = []
    for kind in ("raylet", "gcs_server"):
        for started in node.all_processes.get(kind, []):
            with suppress(psutil.Error):
                top = psutil.Process(started.process.pid)
                found += [top, *top.children(recursive=True)]
    return found


if __name__ == "__main__":
    main()
