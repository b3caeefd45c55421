"""Hosts of runs of each kind, a desk from which a test tells one what to do, and a worker whose turns a test takes."""

import importlib.util
import json
import os
import queue
import threading
import time
from itertools import count

import pytest

from genlab.config import GANConfig
from genlab.runtime.cluster.fleet import Fleet, with_content
from genlab.runtime.cluster.line import Line
from genlab.runtime.cluster.node import Node
from genlab.runtime.host import Active, Audience, RemoteHost
from genlab.runtime.lease import renew_lease
from genlab.runtime.messages import Record, decode
from genlab.runtime.process import ProcessHost
from genlab.runtime.settings import ServerSettings
from genlab.runtime.worker import Worker
from genlab.runtime.worker.inbox import Inbox
from genlab.stress.machines import Machines

SMALL = {"generator_width": 8, "critic_width": 8, "batch_size": 16}
GAN = GANConfig(**SMALL)


class ThreadHost(RemoteHost):
    """The same worker without a process or pipes, to hold the contract apart from them."""

    def __init__(self, on_record, on_end, settings, number):
        super().__init__(on_record)
        self.inbox = Inbox()
        self.worker = Worker(self.inbox, self._receive, settings=settings, number=number)
        self._on_end = on_end
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _send(self, command):
        self.inbox.put(json.loads(json.dumps(command)))

    def _work(self):
        self._receive(Record.HEARTBEAT, "", b'{"ready":true,"age":0}')
        self.worker.serve()
        self._end()
        self._on_end(self)

    def stop(self, patience=4.0):
        self.inbox.put(None)
        self._thread.join(patience)

    def kill(self):
        self.stop()

    def active(self):
        return Active("", False)

    def ended_how(self):
        return ""

    def successor(self):
        return None


def on_a_node(record, ended, settings, number):
    """A worker on a machine of its own files, whose calls nothing has to carry."""
    node = Node(settings.to_environment())
    orders = queue.SimpleQueue()
    line = Line("next door", node.about()["home"], 1, orders.put, renew_lease(settings.home), settings)
    host = line.open(record, ended)

    def carry():
        while not host.ended_how():
            while not orders.empty():
                node.tell([with_content(("tell", "", orders.get()))[2]])
            line.hear(node.hear(0.01))
        node.leave()

    threading.Thread(target=carry, daemon=True).start()
    return host


def on_a_cluster(record, ended, settings, number):
    """A worker on a node of a real Ray cluster on this machine."""
    there, lines = Machines(1), queue.SimpleQueue()
    os.environ.update(there.environment)
    fleet = Fleet(settings.model_copy(update={"ray": there.address}))
    fleet.start(renew_lease(settings.home), b"secret", lines.put, lambda machine: None)
    host = lines.get(timeout=120).open(record, ended)
    stop = host.stop

    def stop_all(patience=10.0):
        stop(patience)
        fleet.close()
        there.close()

    host.stop = stop_all
    return host


class Desk:
    """One host and what it told."""

    def __init__(self, kind, folder, **options):
        lease = {"lease": renew_lease(folder)} if kind is ProcessHost else {}
        self.folder, self.frames, self.states, self.ended = folder, {}, {}, threading.Event()
        self.changes = {}
        settings = ServerSettings(home=folder, **options)
        self.host = kind(self._record, lambda host: self.ended.set(), settings, 0, **lease)

    def _record(self, host, kind, run_id, payload):
        if kind == Record.FRAME:
            self.frames.setdefault(run_id, []).append(payload)
        elif kind == Record.CHANGES:
            self.changes.setdefault(run_id, []).append(decode(payload)[0]["changes"])
        else:
            self.states[run_id] = json.loads(payload)

    def start(self, run_id, config=GAN, audience=None, **options):
        options = {"resume": False, "play": False, "note": "", **options}
        return self.host.start(
            run_id, config, self.folder / f"{run_id}.safetensors", audience=audience or Audience(), **options
        ).result(60)

    def do(self, run_id, do, **arguments):
        return self.host.command(run_id, do, **arguments).result(30)

    def frame(self, run_id):
        return decode(self.frames[run_id][-1])

    def wait(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.states
            time.sleep(0.01)


needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs requirements-cluster.txt")
HOSTS = [ProcessHost, ThreadHost, on_a_node, pytest.param(on_a_cluster, marks=needs_ray)]


class Bench:
    """A worker whose turns the test takes itself."""

    def __init__(self, folder, **configs):
        self.folder, self.worker, self.numbers = folder, Worker(Inbox(), lambda *record: None), count()
        for run_id, config in configs.items():
            path = str(folder / f"{run_id}.safetensors")
            self.do(run_id, "start", config=config.to_json(), path=path, play=False, note="", **Audience().to_json())
        self.runs = self.worker.runs

    def do(self, run_id, do, **arguments):
        self.worker.commands.carry_out({"id": next(self.numbers), "run": run_id, "do": do, **arguments})

    def twin(self, one, other):
        self.do(one, "twin", twin=other)
        self.do(other, "twin", twin=one)

    def turn(self):
        self.worker.turns.take()

    def steps(self, *names):
        return [self.runs[name].step for name in names]


def burst(*arguments, **settings):
    raise RuntimeError("what nobody foresaw\nsecond line")
