"""Handlers of a router run one at a time, and what they answer is not lost."""

from __future__ import annotations

import logging
import time
import unittest
import unittest.mock
from typing import Any

from support import PATIENCE, RouterTest

import libraet
from libraet import EventType


class HandlerTest(RouterTest):
    def test_a_handler_that_fails_is_logged_and_the_next_message_is_handled(self) -> None:
        router = self.process("alpha", None)
        handled: list[int] = []

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            handled.append(message.body["n"])
            raise RuntimeError("out of order")

        with self.assertLogs("libraet", logging.ERROR) as caught:
            router.send("//jobs", {"n": 1})
            router.send("//jobs", {"n": 2})
            self.settle(lambda: len(handled) == 2)
        self.assertIn("the handler of share 'jobs' failed", caught.output[0])
        self.assertEqual(handled, [1, 2])

    def test_handlers_may_send_and_wait(self) -> None:
        router = self.process("alpha", None)
        done: list[Any] = []

        @router.handler("first")
        def first(message: libraet.Event) -> None:
            router.send("//second", {"n": message.body["n"]}).wait(PATIENCE)

        @router.handler("second")
        def second(message: libraet.Event) -> None:
            done.append(message.body["n"])

        router.send("//first", {"n": 3})
        self.settle(lambda: done == [3])

    def test_what_a_handler_sends_to_its_own_process_arrives_at_once(self) -> None:
        router = self.process("alpha", None)
        done: list[int] = []

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            done.append(message.body["n"])
            router.send("//jobs", {"n": message.body["n"] + 1})

        router.send("//jobs", {"n": 1})
        began = time.monotonic()
        self.assertTrue(router.wait_until(lambda: len(done) >= 9, PATIENCE))
        self.assertLess(time.monotonic() - began, PATIENCE - 1)

    def test_handlers_that_wait_run_one_at_a_time_and_in_order(self) -> None:
        router = self.process("alpha", None)
        router.open_share("log")
        running: list[int] = []
        order: list[int] = []

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            self.assertEqual(running, [])
            running.append(message.body["n"])
            router.send("//log", {}).wait(PATIENCE)
            order.append(running.pop())

        for number in range(300):
            router.send("//jobs", {"n": number})
        self.settle(lambda: len(order) == 300)
        self.assertEqual(order, list(range(300)))
        self.assertEqual(len([event for event in router.events(0) if event.share == "log"]), 300)

    def test_waiting_for_another_handler_is_in_vain(self) -> None:
        router = self.process("alpha", None)
        said: list[Any] = []

        @router.handler("first")
        def first(message: libraet.Event) -> None:
            router.send("//second", {}).wait(PATIENCE)
            said.append(router.wait_until(lambda: bool(said), 0.1))

        router.handler("second")(lambda message: said.append("second"))
        router.send("//first", {})
        self.settle(lambda: len(said) == 2)
        self.assertEqual(said, [False, "second"])

    def full(self) -> tuple[Any, Any]:
        """A worker whose queue to another one takes one answer at a time, and that one, which has asked eight times."""
        worker: Any = self.process(None, None)
        worker.lane = worker.attach(libraet.Lane("worker", directory=self.folder, send_queue=100))
        desk: Any = self.process(None, None)
        desk.lane = desk.attach(libraet.Lane("desk", directory=self.folder))
        desk.lane.yard("worker")
        worker.handler("jobs")(lambda message: {"filler": "y" * 200, "n": message.body["n"]})
        for number in range(8):
            desk.send("/worker/jobs", {"n": number}, share="answers")
        return worker, desk

    def test_answers_that_find_no_room_are_sent_when_there_is_some(self) -> None:
        _, desk = self.full()
        answers: list[int] = []

        def all_came() -> bool:
            answers.extend(event.body["n"] for event in desk.events(0) if event.type == EventType.MESSAGE)
            return len(answers) >= 8

        self.settle(all_came)
        self.assertEqual(answers, list(range(8)))

    def test_messages_that_wait_for_handlers_count_in_the_inbox(self) -> None:
        worker, desk = self.full()
        with unittest.mock.patch.object(worker, "_inbox_limit", 1000):
            with unittest.mock.patch.object(worker, "reply", side_effect=libraet.QueueFull(-1)):
                for number in range(8, 16):
                    desk.send("/worker/jobs", {"n": number}, share="answers")
                for _ in range(50):
                    desk._pump()
                    worker._pump()
                self.assertIn(len(worker._calls), (2, 3))
                self.assertTrue(1000 <= worker._inbox_bytes < 1500)
                for _ in range(2):  # the program has nothing to take, and no fault
                    self.assertNotIn(EventType.MESSAGE, [event.type for event in worker.events(0.05)])
            answers: list[int] = []
            desk.handler("answers")(lambda message: answers.append(message.body["n"]))
            self.settle(lambda: len(answers) == 16)
        self.assertEqual(answers, list(range(16)))
        self.assertEqual(worker._inbox_bytes, 256 * len(worker._inbox))

    def test_handler_that_waits_while_the_inbox_is_full_is_told(self) -> None:
        router = self.process("alpha", None)

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            router.wait_until(lambda: False, PATIENCE)

        for _ in range(8):
            router.send("//jobs", {})
        with unittest.mock.patch.object(router, "_inbox_limit", 600):
            with self.assertLogs("libraet", logging.ERROR) as caught:
                router.service()
        self.assertIn("RAET_EAGAIN", caught.output[0])

    def test_answer_that_cannot_be_sent_is_logged_as_such(self) -> None:
        router = self.process("alpha", None)
        done: list[int] = []
        for share, answer in (("set", {"a": {1}}), ("text", "no mapping")):

            def job(message: libraet.Event, answer: Any = answer) -> Any:
                done.append(1)
                return answer

            router.handler(share)(job)
            with self.assertLogs("libraet", logging.ERROR) as caught:
                router.send(f"//{share}", {}, share="answers")
                self.settle(lambda: bool(done))
            self.assertIn(f"the answer of share '{share}' to alpha//answers could not be sent", caught.output[0])
            done.clear()

    def test_slow_handlers_do_not_hold_up_time_limits(self) -> None:
        router = self.process("alpha", None)
        done: list[int] = []

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            time.sleep(0.03)
            done.append(message.body["n"])

        for number in range(30):
            router.send("//jobs", {"n": number})
        began = time.monotonic()
        list(router.events(0.1))
        self.assertLess(time.monotonic() - began, 0.8)
        self.assertGreater(len(done), 1)
        self.assertEqual(router.due, 0)
        self.settle(lambda: len(done) == 30)
        self.assertEqual(done, list(range(30)))

    def test_messages_without_their_handler_are_the_last_events(self) -> None:
        worker, desk = self.full()
        with unittest.mock.patch.object(worker, "reply", side_effect=libraet.QueueFull(-1)):
            self.settle(lambda: len(worker._calls) == 7)
            with self.assertLogs("libraet", logging.ERROR) as caught:
                worker.close(0)
        self.assertIn("the answer of share 'jobs' to /desk/answers could not be sent", caught.output[0])
        last = [event.body["n"] for event in worker.events(0) if event.type == EventType.MESSAGE]
        self.assertEqual(last, list(range(1, 8)))

    def test_handler_may_close_the_router(self) -> None:
        router = self.process("alpha", None)

        @router.handler("stop")
        def stop(message: libraet.Event) -> dict[str, Any]:
            router.close(0)
            return {"too": "late"}

        router.send("//stop", {"n": 1})
        router.send("//stop", {"n": 2})
        with self.assertLogs("libraet", logging.ERROR) as caught:
            events = list(router.events(PATIENCE))
        self.assertIn("the answer of share 'stop'", caught.output[0])
        self.assertTrue(router.closed)
        self.assertEqual([event.body["n"] for event in events if event.type == EventType.MESSAGE], [2])


if __name__ == "__main__":
    unittest.main()
