"""A process of an estate of libraet, with a road, a lane or both, and a router; driven by peer_io commands, the same as
those of reference_route.py. By the Python binding."""

import os
import pathlib
import select
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("LIBRAET_LIBRARY", str(ROOT / "build" / "libraet.so.0"))
sys.path.insert(0, str(ROOT / "Bindings" / "python"))

import libraet
from libraet import EventType

import bodies
from peer_io import Commands, emit


class LibraetProcess:
    """A manor, or a worker, which names its manor."""

    def __init__(self):
        self.router = None
        self.running = True

    def do_start(self, name, port, dir, estate, lane_dir, road=True, body="json"):
        self.kind = body
        self.router = libraet.Router(manor=None if road else "manor", body_kind=body)
        self.lane = self.router.attach(libraet.Lane("manor" if road else name, directory=lane_dir, body_kind=body))
        if road:
            self.road = self.router.attach(libraet.Road(
                estate, endpoint=f"127.0.0.1:{port}", directory=dir, main=True, accept="always", body_kind=body))

    def do_add_yard(self, name):
        self.lane.yard(name)

    def do_add(self, host, port, name=None):
        self.road.add_remote(f"{host}:{port}", name)

    def do_connect(self, name):
        self.road.remote(name).connect()

    def do_route(self, to, share, ids, size):
        for ident in ids:
            raw = bodies.encode(bodies.make(ident, size), self.kind)
            self.router.send(libraet.Place(*to), raw, share, kind=self.kind, tag=ident)

    def do_status(self):
        return {"remotes": {remote.name: {"allowed": remote.allowed} for remote in self.road.remotes}}

    def do_stop(self):
        self.router.close()
        self.running = False

    def take(self, event):
        if event.type == EventType.MESSAGE:
            body = dict(event.body)
            route = body.pop("route")
            emit(event="message", remote=event.name, source=list(event.source), destination=route["dst"],
                 **bodies.report(body))
        elif event.type in (EventType.DELIVERED, EventType.FAILED, EventType.UNDELIVERED):
            emit(event=event.type.name.lower(), id=event.tag, status=event.status.name)
        elif event.type == EventType.REFUSED:
            emit(event="refused", source=list(event.source), why=event.name)

    def run(self):
        commands = Commands(self)
        while self.running:
            waiting, timeout = [commands], None
            if self.router:
                while (event := self.router.next_event(0)) is not None:
                    self.take(event)
                waiting.append(self.router)
                timeout = self.router.due
            ready, _, _ = select.select(waiting, [], [], timeout)
            if commands in ready:
                commands.service()


if __name__ == "__main__":
    try:
        LibraetProcess().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
