"""Yards in one process exchange messages over Unix sockets."""

from __future__ import annotations

import os
import socket
import tempfile
import time
import unittest
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

from support import HAS_MSGPACK, PATIENCE

import libraet
from libraet import BodyKind, EventType, Status


class LaneTest(unittest.TestCase):
    """A test with yards in a folder of its own."""

    def setUp(self) -> None:
        self.cleanup = ExitStack()
        self.addCleanup(self.cleanup.close)
        self.folder = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="raet-")))

    def lane(self, name: str, **settings: Any) -> libraet.Lane:
        lane = libraet.Lane(name, directory=self.folder, lane="cherry", **settings)
        self.cleanup.callback(lane.close, 0.0)
        return lane

    def settle(self, condition: Callable[[], bool], *lanes: libraet.Lane) -> None:
        limit = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), limit, "it did not happen in time")
            for lane in lanes:
                lane.service(0)
            time.sleep(0.001)

    def messages(self, lane: libraet.Lane, count: int, *others: libraet.Lane) -> list[libraet.Event]:
        """The next so many messages."""
        found: list[libraet.Event] = []

        def came() -> bool:
            while (event := lane._next()) is not None:
                if event.type == EventType.MESSAGE:
                    found.append(event)
            return len(found) >= count

        self.settle(came, lane, *others)
        return found

    def test_messages_come_with_who_sent_them(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        worker.yard("main").send({"hello": "main"}).wait()
        (event,) = self.messages(main, 1)
        self.assertEqual((event.name, event.body), ("worker", {"hello": "main"}))
        self.assertEqual((event.pid, event.uid, event.gid), (os.getpid(), os.geteuid(), os.getegid()))
        assert isinstance(event.remote, libraet.Yard)
        self.assertEqual((event.remote.pid, event.remote.uid), (os.getpid(), os.geteuid()))
        self.assertIsNone(worker.yard("main").pid)
        event.remote.send({"hello": "worker"}).wait()
        self.assertEqual(self.messages(worker, 1)[0].body, {"hello": "worker"})

    def test_large_messages_go_by_pages(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        delivery = worker.yard("main").send({"x": "y" * 3_000_000})
        (event,) = self.messages(main, 1, worker)
        self.assertEqual(len(event.body["x"]), 3_000_000)
        self.settle(lambda: delivery.done, main, worker)

    @unittest.skipUnless(HAS_MSGPACK, "there is no msgpack")
    def test_mappings_are_msgpack_where_asked(self) -> None:
        main, worker = self.lane("main"), self.lane("worker", body_kind="msgpack")
        worker.yard("main").send({"n": [1, None, True]})
        (event,) = self.messages(main, 1, worker)
        self.assertEqual((event.body_kind, event.body), (BodyKind.MSGPACK, {"n": [1, None, True]}))

    def test_a_yard_that_is_not_there_is_dead(self) -> None:
        worker = self.lane("worker")
        with self.assertRaises(libraet.Dead):
            worker.yard("main").send({}).wait()
        self.assertEqual([yard.name for yard in worker.yards], ["main"])

    def test_a_yard_belongs_to_one_living_process(self) -> None:
        main = self.lane("main")
        with self.assertRaises(libraet.Exists):
            self.lane("main")
        main.close()
        self.lane("main")

    def test_the_socket_of_a_dead_process_gives_way(self) -> None:
        path = libraet.yard_path("main", "cherry", self.folder)
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        dead.bind(path)
        dead.close()
        main, worker = self.lane("main"), self.lane("worker")
        self.assertEqual((main.path, main.lane), (path, "cherry"))
        worker.yard("main").send({}).wait()
        self.assertEqual(len(self.messages(main, 1)), 1)
        main.close()
        self.assertFalse(os.path.exists(path))

    def test_an_open_folder_is_refused(self) -> None:
        os.chmod(self.folder, 0o777)
        with self.assertRaises(libraet.StoreDamaged):
            self.lane("main")

    def test_strangers_can_be_kept_out(self) -> None:
        main, worker = self.lane("main", accept_strangers=False), self.lane("worker")
        worker.yard("main").send({"n": 1}).wait()
        self.settle(lambda: main.statistics["unaccepted_source_yard"] == 1, main)
        main.yard("worker")
        worker.yard("main").send({"n": 2}).wait()
        self.assertEqual([event.body for event in self.messages(main, 1)], [{"n": 2}])

    def test_bodies_are_mappings(self) -> None:
        worker = self.lane("worker")
        with self.assertRaises(libraet.RaetError) as caught:
            worker.yard("main").send(b"raw")
        self.assertEqual(caught.exception.status, Status.ENOTSUP)

    def test_names_that_cannot_be_are_refused(self) -> None:
        for name in ("", "a b", "a/b", "a.b", "\u00e9"):
            with self.assertRaises(libraet.InvalidArgument, msg=name):
                self.lane(name)
            with self.assertRaises(libraet.InvalidArgument, msg=name):
                libraet.yard_path(name)
        self.assertEqual(libraet.yard_path("main"), "/var/cache/raet/lane.main.uxd")


if __name__ == "__main__":
    unittest.main()
