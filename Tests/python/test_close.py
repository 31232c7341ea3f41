"""Roads end cleanly, whatever was under way and however they are let go."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import time
import unittest
import unittest.mock
import warnings
import weakref

from support import PATIENCE, RoadTest

import libraet
from libraet import EventType, Status


class CloseTest(RoadTest):
    def test_closing_twice_does_nothing(self) -> None:
        road = self.road("a")
        road.close()
        road.close()
        self.assertTrue(road.closed)
        self.assertIn("closed", repr(road))

    def test_closed_road_says_so(self) -> None:
        _, beta, peer = self.pair()
        beta.close()
        for use in (
            beta.service,
            beta.fileno,
            beta.roles,
            beta.transfers,
            lambda: beta.name,
            lambda: beta.remotes,
            lambda: beta.statistics,
            lambda: beta.due,
            lambda: beta.accept("main"),
            lambda: beta.connect("127.0.0.1:9"),
            lambda: peer.send({}),
            lambda: peer.name,
        ):
            with self.assertRaises(libraet.Closed):
                use()
        self.assertIn("Remote", repr(peer))

    def test_last_events_can_be_taken_after_the_end(self) -> None:
        road = self.road("a")
        delivery = road.add_remote("127.0.0.1:9").send({"never": "arrives"})
        road.close(0)
        types = [event.type for event in road.events()]
        self.assertEqual(types[-1], EventType.CLOSED)
        self.assertIn(EventType.FAILED, types)
        self.assertIn(delivery.status, (Status.ECANCELED, Status.EUNKNOWN))
        with self.assertRaises((libraet.Canceled, libraet.Unknown)):
            delivery.wait()
        self.assertIsNone(road.next_event())

    def test_close_that_fails_ends_what_was_under_way(self) -> None:
        road = self.road("a")
        remote = road.add_remote("127.0.0.1:9")
        join, delivery = remote.join(), remote.send({})
        failure = libraet.SystemFailure(Status.EIO)
        with unittest.mock.patch.object(road, "_pump", side_effect=failure), self.assertRaises(libraet.SystemFailure):
            road.close()
        self.assertTrue(road.closed)
        self.assertEqual((join.status, delivery.status), (Status.ECANCELED, Status.EUNKNOWN))

    def test_close_gives_messages_time_to_arrive(self) -> None:
        main, beta, peer = self.pair()
        with self.served(main):
            deliveries = [peer.send({"n": number}) for number in range(20)]
            began = time.monotonic()
            beta.close(PATIENCE)
        self.assertLess(time.monotonic() - began, PATIENCE - 1)
        self.assertEqual({delivery.status for delivery in deliveries}, {Status.OK})

    def test_with_block_closes(self) -> None:
        with libraet.Road("a", endpoint="127.0.0.1:0") as road:
            self.assertFalse(road.closed)
        self.assertTrue(road.closed)

    def test_with_block_that_fails_does_not_linger(self) -> None:
        began = time.monotonic()
        with self.assertRaises(KeyError):
            with libraet.Road("a", endpoint="127.0.0.1:0") as road:
                road.add_remote("127.0.0.1:9").send({})
                raise KeyError
        self.assertTrue(road.closed)
        self.assertLess(time.monotonic() - began, 0.9)

    def test_port_is_free_after_close(self) -> None:
        first = self.road("a")
        endpoint = first.endpoint
        first.close()
        self.assertEqual(self.road("b", endpoint=endpoint).endpoint, endpoint)

    def test_closing_in_the_loop_ends_the_loop(self) -> None:
        main, beta, peer = self.pair()
        peer.send({"stop": True})
        with self.served(beta):
            for event in main.events(PATIENCE):
                if event.type == EventType.MESSAGE:
                    main.close()
        self.assertTrue(main.closed)


class CollectionTest(RoadTest):
    def test_road_let_go_is_freed_with_a_warning(self) -> None:
        road = libraet.Road("a", endpoint="127.0.0.1:0")
        endpoint, gone = road.endpoint, weakref.ref(road)
        with self.assertWarns(ResourceWarning):
            del road
            gc.collect()
        self.assertIsNone(gone())
        self.road("b", endpoint=endpoint)

    def test_remotes_and_deliveries_keep_their_road(self) -> None:
        _, beta, peer = self.pair()
        road = weakref.ref(beta)
        del beta
        gc.collect()
        self.assertIsNotNone(road())
        self.assertEqual(peer.name, "main")

    def test_failed_construction_leaves_nothing(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaises(libraet.InvalidArgument):
                libraet.Road("a", endpoint="not an endpoint:x")
            with self.assertRaises(libraet.InvalidArgument):
                libraet.Road("a" * 300)
            gc.collect()

    def test_callbacks_live_as_long_as_the_road(self) -> None:
        logger = logging.getLogger("test.libraet.collection")
        main, beta, peer = self.pair(logger=logger, log_level=logging.DEBUG, store={})
        for number in range(20):
            gc.collect()
            peer.send({"n": number})
            self.event_of(main, EventType.MESSAGE, beta)

    def test_program_may_end_with_open_roads(self) -> None:
        program = (
            "import sys; sys.path[:0] = %r\n"
            "import support, libraet, logging\n"
            "logging.basicConfig(level=logging.DEBUG)\n"
            "road = libraet.Road('a', endpoint='127.0.0.1:0', store={})\n"
            "remote = road.add_remote('127.0.0.1:9'); remote.connect(); delivery = remote.send({})\n"
            "road.service(0.01)\n"
        ) % [path for path in sys.path if path]
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)


if __name__ == "__main__":
    unittest.main()
