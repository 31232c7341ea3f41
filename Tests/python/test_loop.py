"""Waits end when they have to, whatever else happens."""

from __future__ import annotations

import math
import signal
import tempfile
import threading
import time
import unittest
import unittest.mock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Union

from support import PATIENCE, RoadTest

import libraet
from libraet import EventType


class LaneTest(RoadTest):
    """A test with roads, and yards in a folder of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="raet-")))

    def lane(self, name: str) -> libraet.Lane:
        lane = libraet.Lane(name, directory=self.folder)
        self.cleanup.callback(lane.close, 0.0)
        return lane

    @contextmanager
    def beside(self, action: Callable[[], None]) -> Iterator[None]:
        """Runs an action in a thread of its own."""
        thread = threading.Thread(target=action)
        thread.start()
        try:
            yield
        finally:
            thread.join()


class LoopTest(LaneTest):
    def flood(self, timeout: float, pause: float) -> tuple[int, float]:
        """How many messages ``events(timeout)`` gives, and for how long, when each is followed by two more."""
        main, worker = self.lane("main"), self.lane("worker")
        target = worker.yard("main")
        target.send({}).wait()
        began, count = time.monotonic(), 0
        for event in main.events(timeout):
            if event.type == EventType.MESSAGE:
                count += 1
                target.send({})
                target.send({})
                worker.service()
                time.sleep(pause)
            if time.monotonic() - began > 5:
                self.fail("events() does not end")
        return count, time.monotonic() - began

    def test_events_that_are_there_are_given_and_no_more(self) -> None:
        self.assertEqual(self.flood(0, 0)[0], 1)

    def test_events_end_at_their_time_though_messages_come_faster_than_they_are_taken(self) -> None:
        count, seconds = self.flood(0.2, 0.02)
        self.assertGreater(count, 4)
        self.assertLess(seconds, 2)

    def test_events_with_the_shortest_time_limit_service_once(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        worker.yard("main").send({}).wait()
        self.assertIn(EventType.MESSAGE, [event.type for event in main.events(1e-9)])

    def test_no_limit_may_be_said_as_infinity(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        for wait in (main.next_event, main.service, lambda limit: next(main.events(limit))):
            worker.yard("main").send({}).wait()
            wait(math.inf)
            list(main.events(0))

            def send() -> None:
                time.sleep(0.1)
                worker.yard("main").send({}).wait()

            with self.beside(send):
                wait(math.inf)
            list(main.events(0))
        self.assertTrue(main.wait_until(lambda: True, math.inf))
        self.assertEqual(worker.yard("main").send({}).wait(math.inf).status, 0)
        main.close(math.inf)

    def test_events_left_in_the_library_make_it_due(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        for _ in range(3):
            worker.yard("main").send({}).wait()
        with unittest.mock.patch.object(main, "_inbox_limit", 1):
            main.service(1)
            self.assertNotEqual(main.due, 0)  # there is no room for more
        self.assertEqual(len(list(main.events(0))), 1)
        self.assertEqual(main.due, 0)
        self.assertGreater(main.service(PATIENCE), 0)


Handle = Union[libraet.Road, libraet.Lane, libraet.Router]


class WakeTest(LaneTest):
    def each(self) -> Iterator[Handle]:
        """One of each kind that has a loop."""
        yield self.road("a")
        yield self.lane("a")
        router = libraet.Router(self.road("b"))
        self.cleanup.callback(router.close, 0.0)
        yield router

    @contextmanager
    def soon(self, action: Callable[[], None]) -> Iterator[None]:
        """Runs an action in another thread while the block waits, which has to end by that."""

        def run() -> None:
            time.sleep(0.05)
            action()

        began = time.monotonic()
        with self.beside(run):
            yield
        self.assertLess(time.monotonic() - began, PATIENCE - 1)

    def test_wake_ends_each_wait_in_progress(self) -> None:
        for handle in self.each():
            with self.soon(handle.wake):
                self.assertIsNone(handle.next_event(PATIENCE))
            with self.soon(handle.wake):
                self.assertEqual(list(handle.events(PATIENCE)), [])
            with self.soon(handle.wake):
                self.assertFalse(handle.wait_until(lambda: False, PATIENCE))
            with self.soon(handle.wake):
                self.assertEqual(handle.service(PATIENCE), 0)
            began = time.monotonic()
            self.assertIsNone(handle.next_event(0.1))
            self.assertGreater(time.monotonic() - began, 0.05)

    def test_wake_by_a_signal_ends_a_wait(self) -> None:
        road = self.road("a")
        before = signal.signal(signal.SIGALRM, lambda *_: road.wake())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            began = time.monotonic()
            self.assertEqual(list(road.events(PATIENCE)), [])
            self.assertLess(time.monotonic() - began, PATIENCE - 1)
        finally:
            signal.signal(signal.SIGALRM, before)

    def test_wake_before_a_wait_ends_that(self) -> None:
        for handle in self.each():
            handle.wake()
            handle.wake()
            with self.soon(lambda: None):
                self.assertEqual(list(handle.events(PATIENCE)), [])
            self.assertFalse(handle.wait_until(lambda: False, 0.01))

    def test_wake_ends_events_though_more_are_there(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        for number in range(3):
            worker.yard("main").send({"n": number}).wait()
        taken = 0
        for _ in main.events(PATIENCE):
            taken += 1
            main.wake()
        self.assertEqual(taken, 1)
        self.assertGreater(len(list(main.events(0))), 1)

    def test_wake_ends_a_wait_inside_a_wait_and_that_one(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        worker.yard("main").send({}).wait()
        with self.soon(main.wake):
            for event in main.events(PATIENCE):
                if event.type == EventType.MESSAGE:
                    self.assertFalse(main.wait_until(lambda: False, PATIENCE))

    def test_wake_of_an_attached_road_ends_the_waits_of_its_router(self) -> None:
        road = self.road("a")
        with libraet.Router(road) as router:
            with self.soon(road.wake):
                self.assertIsNone(router.next_event(PATIENCE))
            delivery = road.add_remote("127.0.0.1:9").send({})
            with self.soon(router.wake), self.assertRaisesRegex(libraet.TimedOut, "it goes on"):
                delivery.wait(PATIENCE)

    def test_wake_of_what_is_closed_does_nothing(self) -> None:
        for handle in self.each():
            handle.next_event(0.001)
            handle.close(0)
            handle.wake()

    def test_wake_during_close_leaves_messages_their_time(self) -> None:
        road = self.road("a")
        road.add_remote("127.0.0.1:9").send({})
        road.service(0.001)
        began = time.monotonic()
        with self.beside(road.wake):
            road.close(0.3)
        self.assertGreater(time.monotonic() - began, 0.25)


if __name__ == "__main__":
    unittest.main()
