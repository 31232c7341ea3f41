"""Roads in one process on 127.0.0.1 join, wait for acceptance, and exchange messages."""

from __future__ import annotations

import fcntl
import logging
import selectors
import socket
import time
import unittest
import unittest.mock

from support import HAS_MSGPACK, PATIENCE, RoadTest, echo

import libraet
from libraet import Acceptance, BodyKind, EventType, Status


class ConnectTest(RoadTest):
    def test_connect_waits_until_messages_can_pass(self) -> None:
        main, beta = self.road("main"), self.road("beta")
        with self.served(main):
            peer = beta.connect(main.endpoint)
        self.assertTrue(peer.joined and peer.allowed and peer.alive)
        self.assertEqual((peer.name, peer.role, peer.endpoint), ("main", "main", main.endpoint))
        self.assertIs(peer, beta.remote("main"))
        happened = [event.type for event in beta.events(0) if event.ok]
        self.assertLess(happened.index(EventType.JOINED), happened.index(EventType.ALLOWED))

    def test_role_waits_until_a_person_accepts_it(self) -> None:
        main, beta = self.road("main", accept="never"), self.road("beta", role="workers")
        peer = beta.connect(main.endpoint, wait=False)
        pending = self.event_of(main, EventType.KEY_PENDING, beta)
        self.assertEqual(pending.name, "workers")
        self.assertEqual(main.roles(), {"workers": Acceptance.PENDING})
        self.settle(lambda: peer.last_status == Status.EPENDING, main, beta)
        self.assertFalse(peer.allowed)
        main.accept("workers")
        self.settle(lambda: peer.allowed, main, beta)
        self.assertEqual(main.remote("beta").acceptance, Acceptance.ACCEPTED)

    def test_connect_tells_that_acceptance_is_pending(self) -> None:
        main, beta = self.road("main", accept="never"), self.road("beta")
        with self.served(main):
            with self.assertRaises(libraet.Pending) as caught:
                beta.connect(main.endpoint, timeout=0.5)
        self.assertEqual(caught.exception.remote, beta.remotes[0])
        self.assertIn("has not accepted the keys of role 'beta'", caught.exception.detail)
        main.accept("beta")
        with self.served(main):
            beta.wait_allowed(beta.remotes[0])

    def test_connecting_again_tells_why_it_waits(self) -> None:
        main, beta = self.road("main", accept="never"), self.road("beta")
        with self.served(main):
            for _ in range(3):
                with self.assertRaises(libraet.Pending):
                    beta.connect(main.endpoint, timeout=0.5)
            with self.assertRaises(libraet.Pending):
                beta.wait_allowed(beta.remotes[0], 0.1)
        main.reject("beta")
        peer = beta.remotes[0]
        self.settle(lambda: peer.last_status == Status.EREJECTED, main, beta)
        began = time.monotonic()
        with self.served(main), self.assertRaises(libraet.Rejected):
            beta.connect(peer, timeout=0.5)
        self.assertGreater(time.monotonic() - began, 0.4, "what was before decides nothing")
        peer.disconnect()
        main.close(0)
        with self.assertRaises(libraet.TimedOut):
            beta.connect(peer, timeout=0.2)

    def test_connect_tells_at_once_that_keys_are_rejected(self) -> None:
        main, beta = self.road("main", accept="never"), self.road("beta")
        beta.connect(main.endpoint, wait=False)
        self.event_of(main, EventType.KEY_PENDING, beta)
        main.reject("beta")
        began = time.monotonic()
        with self.served(main):
            with self.assertRaises(libraet.Rejected):
                beta.connect(main.endpoint, timeout=PATIENCE)
        self.assertLess(time.monotonic() - began, PATIENCE - 1)
        main.accept("beta")
        with self.served(main):
            self.assertTrue(beta.connect(main.endpoint).allowed)

    def test_connect_to_nobody_times_out(self) -> None:
        beta, nobody = self.road("beta"), self.road("nobody")
        endpoint = nobody.endpoint
        nobody.close()
        began = time.monotonic()
        with self.assertRaises(libraet.TimedOut):
            beta.connect(endpoint, timeout=0.3)
        seconds = time.monotonic() - began
        self.assertTrue(0.29 < seconds < 2, seconds)

    def test_connecting_twice_gives_the_same_remote(self) -> None:
        main, beta, peer = self.pair()
        self.assertIs(beta.connect(main.endpoint), peer)
        self.assertIs(beta.connect(main.endpoint, "main"), peer)
        self.assertIs(beta.connect(peer), peer)
        self.assertEqual(beta.remotes, [peer])

    def test_endpoint_written_otherwise_is_the_same_remote(self) -> None:
        beta = self.road("beta", endpoint="[::1]:0")
        peer = beta.connect("[::1]:7530", wait=False)
        self.assertIs(beta.connect("[0:0::1]:7530", wait=False), peer)
        self.assertIs(beta.connect("[::1]:07530", wait=False), peer)
        self.assertEqual(beta.remotes, [peer])

    def test_known_name_at_another_endpoint_is_refused(self) -> None:
        _, beta, peer = self.pair()
        with self.assertRaises(libraet.Exists) as caught:
            beta.connect("127.0.0.1:9", "main")
        self.assertEqual(caught.exception.remote, peer)

    def test_remote_that_has_moved_is_found_where_the_host_says(self) -> None:
        main, beta = self.road("main"), self.road("beta")
        peer = beta.add_remote("127.0.0.1:9", name="main")
        peer.connect()
        peer.move(main.endpoint)
        self.settle(lambda: peer.allowed, main, beta)
        self.assertEqual(peer.endpoint, main.endpoint)
        with self.assertRaises(libraet.InvalidArgument):
            peer.move("127.0.0.1:0")

    def test_single_join_is_a_transaction(self) -> None:
        main, beta = self.road("main"), self.road("beta")
        remote = beta.add_remote(main.endpoint)
        with self.served(main):
            join = remote.join().wait(PATIENCE)
        self.assertTrue(join.done and remote.joined)
        self.assertIs(self.event_of(beta, EventType.JOINED, main).transaction, join)

    def test_single_join_without_answer_times_out(self) -> None:
        beta = self.road("beta")
        join = beta.add_remote("127.0.0.1:9").join(timeout=0.2)
        with self.assertRaises(libraet.TimedOut):
            join.wait(PATIENCE)
        self.assertEqual(join.status, Status.ETIMEDOUT)

    def test_allow_and_alive_need_a_join(self) -> None:
        remote = self.road("beta").add_remote("127.0.0.1:9")
        for start in (remote.allow, remote.check_alive):
            with self.assertRaises(libraet.Unjoined):
                start()

    def test_removed_remote_is_gone(self) -> None:
        _, beta, peer = self.pair()
        peer.remove()
        with self.assertRaises(libraet.NotFound):
            str(peer.name)
        with self.assertRaises(libraet.NotFound):
            peer.send({})
        self.assertEqual(self.event_of(beta, EventType.REMOTE_GONE).remote, peer)
        self.assertIn("Remote", repr(peer))
        self.assertEqual(beta.remotes, [])


class MessageTest(RoadTest):
    def test_message_arrives_and_is_reported(self) -> None:
        main, beta, peer = self.pair()
        tag = object()
        delivery = peer.send({"hello": ["world", 1, None]}, tag=tag)
        self.assertFalse(delivery.done)
        event = self.event_of(main, EventType.MESSAGE, beta)
        self.assertEqual(event.body, {"hello": ["world", 1, None]})
        self.assertIs(event.body, event.body)
        self.assertEqual((event.body_kind, event.name), (BodyKind.JSON, "beta"))
        self.assertEqual(event.remote, main.remote("beta"))
        report = self.event_of(beta, EventType.DELIVERED, main)
        self.assertEqual((report.name, report.remote), ("main", peer))
        self.assertIs(report.delivery, delivery)
        self.assertIs(report.tag, tag)
        self.assertTrue(report.ok and delivery.done)
        self.assertEqual((delivery.status, delivery.progress), (Status.OK, (delivery.size, delivery.size)))

    def test_bodies_of_all_kinds_arrive_as_they_are(self) -> None:
        main, beta, peer = self.pair()
        bodies = [({"a": "ü"}, None), (bytes(range(256)) * 4, None), (b"", None), ({}, None), (b'{"a": 1}', "json")]
        if HAS_MSGPACK:
            bodies.append(({"b": b"\xff"}, "msgpack"))
        for body, kind in bodies:
            peer.send(body, kind)  # type: ignore[arg-type]
            event = self.event_of(main, EventType.MESSAGE, beta)
            self.assertEqual(event.body, {"a": 1} if kind == "json" else body)

    def test_wait_returns_when_the_message_is_delivered(self) -> None:
        main, beta, peer = self.pair()
        with self.served(main, echo):
            delivery = peer.send({"n": 1})
            self.assertIs(delivery.wait(PATIENCE), delivery)
            for event in beta.events(PATIENCE):
                if event.type == EventType.MESSAGE:
                    self.assertEqual(event.body, {"n": 1})
                    break

    def test_messages_that_come_while_waiting_are_kept(self) -> None:
        main, beta, peer = self.pair()
        back = main.remote("beta")
        for number in range(5):
            back.send({"number": number})
        with self.served(main, echo):
            peer.send({}).wait(PATIENCE)
            self.settle(lambda: len(beta._inbox) >= 7, beta)
        numbers = [event.body["number"] for event in beta.events(0) if event.type == EventType.MESSAGE and event.body]
        self.assertEqual(numbers, [0, 1, 2, 3, 4])

    def test_message_to_nobody_fails_at_its_time_limit(self) -> None:
        beta = self.road("beta")
        delivery = beta.add_remote("127.0.0.1:9").send({}, timeout=0.2)
        with self.assertRaises(libraet.TimedOut):
            delivery.wait(PATIENCE)
        self.assertTrue(delivery.done)
        failed = self.event_of(beta, EventType.FAILED)
        with self.assertRaises(libraet.TimedOut):
            failed.check()

    def test_wait_can_end_before_the_message(self) -> None:
        delivery = self.road("beta").add_remote("127.0.0.1:9").send({})
        with self.assertRaises(TimeoutError):
            delivery.wait(0.05)
        self.assertFalse(delivery.done)

    def test_canceled_message_ends(self) -> None:
        beta = self.road("beta")
        delivery = beta.add_remote("127.0.0.1:9").send({}, tag="t")
        delivery.cancel()
        delivery.cancel()
        with self.assertRaises(libraet.Canceled):
            delivery.wait(PATIENCE)
        delivery.cancel()

    def test_full_queue_refuses_and_tells_when_there_is_room(self) -> None:
        main, beta, peer = self.pair(send_queue=10_000)
        sent = 0
        with self.assertRaises(libraet.QueueFull):
            for _ in range(100):
                peer.send(bytes(1000))
                sent += 1
        self.assertIn(sent, range(1, 11))
        self.assertLess(peer.capacity, 1000)
        self.assertGreater(peer.queued, 0)
        self.assertEqual(self.event_of(beta, EventType.WRITABLE, main).remote, peer)
        peer.send(bytes(1000))

    def test_too_large_message_is_refused(self) -> None:
        _, _, peer = self.pair(max_message=1000)
        with self.assertRaises(libraet.MessageTooLarge):
            peer.send(bytes(1001))
        peer.send(bytes(1000))

    def test_bytes_that_are_not_their_kind_are_refused(self) -> None:
        _, _, peer = self.pair()
        with self.assertRaises(libraet.BodyInvalid):
            peer.send(b"[1]", "json")

    def test_large_message_shows_how_far_it_is(self) -> None:
        main, beta, peer = self.pair()
        body = bytes(range(256)) * 4096
        delivery = peer.send(body)
        self.assertEqual(delivery.progress, (0, len(body)))
        seen: set[int] = set()

        def arrived() -> bool:
            for transfer in beta.transfers():
                self.assertEqual((transfer.remote, transfer.delivery), (peer, delivery))
                self.assertEqual(transfer.direction, libraet.Direction.SENDING)
                seen.add(transfer.done)
            return delivery.done

        self.settle(arrived, main, beta)
        self.assertEqual(sorted(seen), sorted(n for n in seen if 0 <= n <= len(body)))
        self.assertGreater(len(seen), 2)
        self.assertEqual(self.event_of(main, EventType.MESSAGE, beta).raw, body)
        self.assertEqual(beta.transfers(), [])

    def test_bytes_of_an_event_stay_when_the_library_goes_on(self) -> None:
        main, beta, peer = self.pair()
        peer.send(b"first" * 100)
        first = self.event_of(main, EventType.MESSAGE, beta)
        for _ in range(20):
            peer.send(b"other" * 100)
            self.event_of(main, EventType.MESSAGE, beta)
        main.close(0)
        self.assertEqual((first.raw, first.name), (b"first" * 100, "beta"))

    def test_full_inbox_stops_receiving_but_loses_nothing(self) -> None:
        main, beta, _ = self.pair(receive_queue=20_000)
        back = main.remote("beta")
        deliveries = [back.send(bytes([number]) * 1000) for number in range(40)]
        limit = time.monotonic() + 1
        with self.assertRaises(libraet.QueueFull):
            while time.monotonic() < limit:
                main.service(0)
                beta.wait_until(lambda: False, 0.001)
        self.assertLessEqual(beta._inbox_bytes, 20_000 + 1000 + 256)
        numbers: list[int] = []

        def all_came() -> bool:
            numbers.extend(event.raw[0] for event in beta.events(0) if event.type == EventType.MESSAGE)
            return len(numbers) == 40 and all(delivery.done for delivery in deliveries)

        self.settle(all_came, main, beta)
        self.assertEqual(sorted(numbers), list(range(40)))


class LoopTest(RoadTest):
    def test_events_end_after_the_timeout(self) -> None:
        road = self.road("a")
        began = time.monotonic()
        self.assertEqual(list(road.events(0.2)), [])
        seconds = time.monotonic() - began
        self.assertTrue(0.19 < seconds < 2, seconds)
        self.assertIsNone(road.next_event(0))

    def test_service_waits_until_there_is_something_to_do(self) -> None:
        road = self.road("a")
        self.assertEqual(road.service(), 0)
        began = time.monotonic()
        road.service(0.1)
        self.assertLess(time.monotonic() - began, 1)

    def test_negative_timeout_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            list(self.road("a").events(-1))

    def test_road_fits_a_selector(self) -> None:
        main, beta, peer = self.pair()
        with selectors.DefaultSelector() as selector:
            selector.register(main, selectors.EVENT_READ)
            self.assertFalse(main.wants_write)
            peer.send({"through": "a selector"})
            beta.service()
            limit = time.monotonic() + PATIENCE
            found: list[libraet.Event] = []
            while not found and time.monotonic() < limit:
                selector.select(min(main.due or 0.0, 0.1))
                main.service()
                beta.service()
                found = [event for event in main.events(0) if event.type == EventType.MESSAGE]
        self.assertEqual(found[0].body, {"through": "a selector"})

    def test_descriptor_that_select_cannot_watch(self) -> None:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.bind(("127.0.0.1", 0))
                high = fcntl.fcntl(own, fcntl.F_DUPFD_CLOEXEC, 1024)
        except OSError as reason:
            self.skipTest(f"no descriptor above 1,023: {reason}")
        main = self.road("main", endpoint=None, fd=high)
        self.assertGreaterEqual(main.fileno(), 1024)
        beta = self.road("beta")
        with self.served(main, echo):
            beta.connect(main.endpoint).send({}).wait(PATIENCE)
        self.assertFalse(main.wait_until(lambda: False, 0.05))

    def test_socket_object_becomes_the_roads(self) -> None:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(own.close)
        own.bind(("127.0.0.1", 0))
        number, port = own.fileno(), own.getsockname()[1]
        road = self.road("a", endpoint=None, fd=own)
        self.assertEqual((road.fileno(), road.endpoint), (number, f"127.0.0.1:{port}"))
        self.assertEqual(own.fileno(), -1)

    def test_socket_that_is_not_taken_stays_the_programs(self) -> None:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as own:
                own.bind(("127.0.0.1", 0))
                settings = {"kind": 999} if kind == socket.SOCK_DGRAM else {}
                for fd in (own, own.fileno()):
                    with self.assertRaises(libraet.InvalidArgument):
                        libraet.Road("a", fd=fd, **settings)  # type: ignore[arg-type]
                self.assertNotEqual(own.getsockname()[1], 0)

    def test_number_that_is_no_descriptor_is_refused(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            for fd in (-1, 2**32 + own.fileno()):
                with self.assertRaises(libraet.InvalidArgument):
                    libraet.Road("a", fd=fd)
        with self.assertRaises(libraet.InvalidArgument):
            libraet.Road("a", fd=own)  # closed

    def test_statistics_count(self) -> None:
        main, _, _ = self.pair()
        statistics = main.statistics
        self.assertTrue(statistics and all(isinstance(value, int) for value in statistics.values()))
        self.assertGreater(sum(statistics.values()), 0)

    def test_log_goes_to_the_logger(self) -> None:
        logger = logging.getLogger("test.libraet")
        with self.assertLogs(logger, logging.DEBUG) as logs:
            main, beta = self.road("main", accept="never"), self.road("beta", logger=logger, log_level=logging.DEBUG)
            beta.connect(main.endpoint, wait=False)
            self.settle(lambda: bool(logs.records), main, beta)
        self.assertIn(main.endpoint, logs.output[0])
        self.assertNotIn("\0", "".join(logs.output))

    def test_failing_log_handler_is_no_fault(self) -> None:
        class Failing(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise RuntimeError("the handler failed")

        logger = logging.getLogger("test.libraet.failing")
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        logger.addHandler(Failing())
        with unittest.mock.patch("sys.unraisablehook") as hook:
            main, beta = self.road("main", accept="never"), self.road("beta", logger=logger, log_level=logging.DEBUG)
            beta.connect(main.endpoint, wait=False)
            self.settle(lambda: hook.called, main, beta)
            main.accept("beta")
            self.settle(lambda: beta.remotes[0].allowed, main, beta)


if __name__ == "__main__":
    unittest.main()
