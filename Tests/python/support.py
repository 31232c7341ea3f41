"""What the tests of the binding share. Imports the installed libraet, else that of this repository with the library in
build/."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Callable, Optional

REPOSITORY = Path(__file__).resolve().parents[2]
if importlib.util.find_spec("libraet") is None:
    sys.path.insert(0, str(REPOSITORY / "Bindings" / "python"))
    bundled = REPOSITORY / "Bindings" / "python" / "libraet" / "libraet.so.0"
    if not bundled.exists():
        os.environ.setdefault("LIBRAET_LIBRARY", str(REPOSITORY / "build" / "libraet.so.0"))

import libraet  # noqa: E402

#: Seconds after which something that must happen is taken for not happening.
PATIENCE = 15.0
HAS_MSGPACK = importlib.util.find_spec("msgpack") is not None


#: A main estate, another one, and the main as that sees it.
Pair = tuple[libraet.Road, libraet.Road, libraet.Remote]


def ignore(event: libraet.Event) -> None:
    """Takes no notice of an event."""


class RoadTest(unittest.TestCase):
    """A test with roads on 127.0.0.1, which are closed at its end."""

    def setUp(self) -> None:
        self.cleanup = ExitStack()
        self.addCleanup(self.cleanup.close)

    def road(self, name: str, **settings: Any) -> libraet.Road:
        """A road on a free port; a main estate that accepts the first keys when it is called "main"."""
        settings.setdefault("endpoint", "127.0.0.1:0")
        if name == "main":
            settings.setdefault("main", True)
            settings.setdefault("accept", "once")
        else:
            settings.setdefault("accept", "once")
        road = libraet.Road(name, **settings)
        self.cleanup.callback(road.close, 0.0)
        return road

    def pair(self, main: Optional[dict[str, Any]] = None, **settings: Any) -> Pair:
        """A main estate, another one that is connected to it, and the main as that sees it. No events are left."""
        alpha = self.road("main", **(main or {}))
        beta = self.road("beta", **settings)
        peer = beta.connect(alpha.endpoint, wait=False)
        self.settle(lambda: peer.allowed and all(remote.allowed for remote in alpha.remotes), alpha, beta)
        list(alpha.events(0))
        list(beta.events(0))
        return alpha, beta, peer

    def settle(self, condition: Callable[[], bool], *roads: libraet.Road, patience: float = PATIENCE) -> None:
        """Services all the roads until the condition is true; fails when it does not become so."""
        limit = time.monotonic() + patience
        while not condition():
            if time.monotonic() > limit:
                self.fail("it did not happen in time; " + "; ".join(f"{road}: {road.remotes}" for road in roads))
            for road in roads:
                road._pump()
            time.sleep(0.001)

    def event_of(self, road: libraet.Road, type_: libraet.EventType, *others: libraet.Road) -> libraet.Event:
        """The next event of a type; those before it are dropped. Services the others, too."""
        found: list[libraet.Event] = []

        def came() -> bool:
            while not found:
                event = road._next()
                if event is None:
                    return False
                if event.type == type_:
                    found.append(event)
            return True

        self.settle(came, road, *others)
        return found[0]

    @contextmanager
    def served(self, road: libraet.Road, handler: Callable[[libraet.Event], None] = ignore) -> Iterator[None]:
        """Services a road in a thread of its own, so that the test's road may block; hands events to the handler."""
        stop = threading.Event()
        failures: list[BaseException] = []

        def run() -> None:
            try:
                while not stop.is_set():
                    for event in road.events(0.02):
                        handler(event)
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        if failures:
            raise failures[0]


class RouterTest(unittest.TestCase):
    """A test with routers, which are closed at its end."""

    def setUp(self) -> None:
        self.cleanup = ExitStack()
        self.addCleanup(self.cleanup.close)
        self.folder = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="raet-")))
        self.routers: list[libraet.Router] = []

    def process(self, estate: Optional[str], yard: Optional[str], folder: str = "", **settings: Any) -> libraet.Router:
        """A router with a road of this name, if any, and a yard on the lane of an estate, if any."""
        router = libraet.Router(**settings)
        self.routers.append(router)
        self.cleanup.callback(router.close, 0.0)
        if estate:
            router.road = router.attach(  # type: ignore[attr-defined]
                libraet.Road(estate, endpoint="127.0.0.1:0", main=True, accept="always", period=0.2)
            )
        if yard:
            place = self.folder / (folder or estate or "")
            router.lane = router.attach(libraet.Lane(yard, directory=place))  # type: ignore[attr-defined]
        return router

    def settle(self, condition: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), limit, "it did not happen in time")
            for router in self.routers:
                if not router.closed:
                    router._pump()
            time.sleep(0.001)

    def event_of(self, router: libraet.Router, type_: EventType) -> libraet.Event:
        """The next event of a type; those before it are dropped."""
        found: list[libraet.Event] = []

        def came() -> bool:
            while not found and (event := router._next()) is not None:
                if event.type == type_:
                    found.append(event)
            return bool(found)

        self.settle(came)
        return found[0]

    def meet(self, one: Any, other: Any) -> None:
        peer = one.road.connect(other.road.endpoint, wait=False)
        self.settle(lambda: bool(peer.allowed))

    def estates(self) -> tuple[Any, Any, Any, Any]:
        """Alpha's manor and worker "one", beta's manor and worker "two"."""
        alpha, one = self.process("alpha", "manor"), self.process(None, "one", "alpha", manor="manor")
        beta, two = self.process("beta", "manor"), self.process(None, "two", "beta", manor="manor")
        self.meet(alpha, beta)
        alpha.lane.yard("one")  # type: ignore[attr-defined]
        beta.lane.yard("two")  # type: ignore[attr-defined]
        return alpha, one, beta, two


def echo(event: libraet.Event) -> None:
    """Answers each message with the same."""
    if event.type == libraet.EventType.MESSAGE and event.remote:
        event.remote.send(event.raw, kind=event.body_kind)
