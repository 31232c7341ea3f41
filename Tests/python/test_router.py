"""Routers in one process: two estates of a manor and a worker each, over real sockets."""

from __future__ import annotations

import time
import unittest
import unittest.mock
from typing import Any

from support import HAS_MSGPACK, PATIENCE, RouterTest

import libraet
from libraet import EventType, Place, Status, router as router_module


class RoutingTest(RouterTest):
    def test_handlers_answer_requests_from_another_estate(self) -> None:
        _, one, _, two = self.estates()
        asked: list[libraet.Event] = []

        @two.handler("jobs")  # type: ignore[untyped-decorator,unused-ignore]
        def job(message: libraet.Event) -> dict[str, Any]:
            asked.append(message)
            return {"square": message.body["n"] ** 2}

        delivery = one.send("beta/two/jobs", {"n": 7}, share="answers", tag="mark")
        answer = self.event_of(one, EventType.MESSAGE)
        self.assertEqual(answer.body["square"], 49)
        self.assertEqual(answer.source, Place("beta", "two", "jobs"))
        self.assertEqual((answer.share, answer.destination), ("answers", "alpha/one/answers"))
        self.assertIs(answer.stack, one.lane)
        self.assertTrue(delivery.done)
        self.assertIsNone(delivery.undelivered)
        self.assertEqual(asked[0].source, Place("alpha", "one", "answers"))
        self.assertEqual((asked[0].name, asked[0].share), ("manor", "jobs"))
        self.assertEqual([two.statistics["delivered"], one.statistics["delivered"]], [1, 1])

    def test_messages_without_a_handler_are_events_and_answered_by_the_program(self) -> None:
        alpha, _, _, two = self.estates()
        alpha.send("beta/two/jobs", {"n": 1})
        message = self.event_of(two, EventType.MESSAGE)
        self.assertEqual(message.source, Place("alpha", "manor"))
        two.reply(message, {"ok": True}, share="mine")
        answer = self.event_of(alpha, EventType.MESSAGE)
        self.assertEqual((answer.body["ok"], answer.source), (True, Place("beta", "two", "mine")))
        self.assertEqual(answer.destination, "alpha/manor/")

    def test_what_cannot_be_placed_is_told(self) -> None:
        alpha, one, _, two = self.estates()
        delivery = one.send("beta/nobody/", {}, tag="lost")
        event = self.event_of(one, EventType.UNDELIVERED)
        self.assertEqual((event.status, event.tag, event.destination), (Status.ENOTFOUND, "lost", "beta/nobody/"))
        self.assertEqual((delivery.status, delivery.undelivered), (Status.OK, Status.ENOTFOUND))
        confirmed = one.send("beta/nobody/", {}, confirm=True)
        self.settle(lambda: bool(confirmed.done))
        with self.assertRaises(libraet.NotFound):
            confirmed.check()
        with self.assertRaises(libraet.NotFound):
            alpha.send("gamma//", {})
        two.open_share("jobs")
        confirmed = one.send("beta/two/other", {}, confirm=True)
        self.settle(lambda: bool(confirmed.done))
        self.assertEqual(confirmed.status, Status.ENOTFOUND)
        two.close_share("jobs")
        confirmed = one.send("beta/two/other", {}, confirm=True)
        self.settle(lambda: bool(confirmed.done))
        self.assertEqual(confirmed.status, Status.OK)

    def test_rules_refuse_and_tell(self) -> None:
        _, one, _, two = self.estates()
        two.set_rules(["allow estate=alpha yard=one share=jobs field:cmd=ping*  # and nothing else"])
        good, bad = (one.send("beta/two/jobs", {"cmd": cmd}, confirm=True) for cmd in ("ping.all", "rm"))
        refused = self.event_of(two, EventType.REFUSED)
        self.assertEqual((refused.name, refused.share), ("no rule allows it", "jobs"))
        self.assertEqual((refused.source, refused.status), (Place("alpha", "one"), Status.EREJECTED))
        self.settle(lambda: bool(good.done and bad.done))
        self.assertEqual((good.status, bad.status), (Status.OK, Status.EREJECTED))

    def test_bad_rules_are_refused_with_the_line(self) -> None:
        router = self.process(None, None)
        with self.assertRaisesRegex(libraet.InvalidArgument, "line 2: nothing is called color"):
            router.set_rules("allow\nallow color=red")
        with self.assertRaisesRegex(libraet.InvalidArgument, "line 1"):
            libraet.Router(rules="maybe")

    def test_the_first_estate_alive_takes_a_message(self) -> None:
        minion: Any = self.process("minion", None)
        masters: list[Any] = [self.process(name, None) for name in ("first", "second")]
        for master in masters:
            self.meet(minion, master)
        taken = minion.send("first,second//jobs", {}, confirm=True)
        self.settle(lambda: bool(taken.done))
        self.assertEqual(self.event_of(masters[0], EventType.MESSAGE).destination, "first//jobs")
        masters[0].close(0.0)
        self.settle(lambda: not minion.road.remote("first").alive)
        minion.send("first,second//jobs", {})
        self.assertEqual(self.event_of(masters[1], EventType.MESSAGE).destination, "second//jobs")

    def test_waits_of_attached_stacks_service_the_router(self) -> None:
        alpha: Any = self.process("alpha", "manor")
        yard = alpha.lane.yard("nobody")
        with self.assertRaises(libraet.Dead):
            yard.send({}).wait(PATIENCE)
        for call in (alpha.road.service, alpha.lane.next_event, lambda: next(alpha.road.events(0))):
            with self.assertRaises(libraet.WrongState):
                call()
        with self.assertRaises(libraet.WrongState):
            alpha.attach(alpha.road)
        with self.assertRaises(libraet.WrongState):
            self.process(None, None).attach(alpha.road)

    def test_detached_stacks_are_the_programs_again(self) -> None:
        alpha: Any = self.process("alpha", "manor")
        other: Any = self.process(None, "other", "alpha")
        alpha.detach(alpha.lane)
        with self.assertRaises(libraet.NotFound):
            alpha.detach(alpha.lane)
        other.lane.yard("manor").send({"n": 1})
        self.settle(lambda: alpha.lane.service() > 0)
        self.assertEqual(repr(alpha), "<Router of alpha>")
        alpha.road.close()  # lets itself go
        self.assertEqual(repr(alpha), "<Router of nothing>")
        alpha.lane.close()

    def test_messages_of_a_detached_stack_end_however_full_the_inbox_is(self) -> None:
        alpha: Any = self.process("alpha", "manor")
        other: Any = self.process(None, "other", "alpha")
        target = alpha.lane.yard("other")
        with unittest.mock.patch.object(alpha, "_inbox_limit", 1):
            other.lane.yard("manor").send({})
            self.settle(lambda: len(alpha._inbox) > 0)
            delivery = target.send({})
            for _ in range(5):
                alpha._pump()
            self.assertFalse(delivery.done)
            alpha.detach(alpha.lane)
            self.assertEqual(delivery.status, Status.OK)
            self.assertEqual(alpha._inbox_limit, 1)
        alpha.lane.close(0)

    def test_deliveries_are_forgotten_when_they_cannot_turn_out_to_be_undelivered(self) -> None:
        router = self.process("alpha", None)
        with unittest.mock.patch.object(router_module, "_PASSED_FOR", 50_000_000):
            delivery = router.send("//", {}).wait(PATIENCE)
            self.assertIn(delivery.txn, router._passed)
            router._pump()
            time.sleep(0.06)
            router._pump()
        self.assertEqual(len(router._passed), 0)

    def test_settings_can_be_changed_later(self) -> None:
        self.estates()
        worker = self.process(None, "three", "beta")
        with self.assertRaises(libraet.NotFound):
            worker.send("alpha//", {})
        worker.configure(manor="manor", estate="beta", via="alpha", relay=2)
        self.assertEqual(worker.send("alpha//", {"n": 1}, confirm=True).destination, "alpha//")
        self.assertEqual(self.event_of(self.routers[0], EventType.MESSAGE).body["n"], 1)
        worker.configure(estate="", manor="")
        worker.configure()
        with self.assertRaises(libraet.NotFound):
            worker.send("alpha//", {})

    def test_settings_that_cannot_be_are_refused(self) -> None:
        router = self.process(None, None)
        for wrong in ({"relay": -1}, {"relay": 2**64 + 1}, {"relay": 17}, {"manor": "x" * 300}, {"estate": "x" * 300}):
            with self.assertRaises(libraet.InvalidArgument, msg=str(wrong)):
                router.configure(**wrong)  # type: ignore[arg-type]
            with self.assertRaises(libraet.InvalidArgument, msg=str(wrong)):
                libraet.Router(**wrong)  # type: ignore[arg-type]

    def test_close_lets_messages_arrive_and_closes_the_stacks(self) -> None:
        alpha, one, _, _ = self.estates()
        delivery = one.send("alpha//", {"last": 1})
        one.close()
        self.assertEqual(delivery.status, Status.OK)
        self.assertTrue(one.closed and one.lane.closed)
        self.assertEqual(self.event_of(alpha, EventType.MESSAGE).body["last"], 1)
        self.assertEqual([event.type for event in one.events(0)][-1], EventType.CLOSED)
        with self.assertRaises(libraet.Closed):
            one.send("//", {})
        one.close()

    def test_a_cancelled_message_ends(self) -> None:
        alpha: Any = self.process("alpha", None)
        alpha.road.add_remote("127.0.0.1:9", "silent")
        delivery = alpha.send("silent//", {})
        delivery.cancel()
        self.settle(lambda: bool(delivery.done))
        self.assertEqual(delivery.status, Status.ECANCELED)
        delivery.cancel()

    @unittest.skipUnless(HAS_MSGPACK, "there is no msgpack")
    def test_answers_are_encoded_as_the_message_was(self) -> None:
        alpha, one, _, two = self.estates()
        two.handler("echo")(lambda message: {"got": message.body["n"]})
        one.send("beta/two/echo", {"n": [1, None]}, kind="msgpack")
        answer = self.event_of(one, EventType.MESSAGE)
        self.assertEqual((answer.body_kind, answer.body["got"]), (libraet.BodyKind.MSGPACK, [1, None]))


class PlaceTest(unittest.TestCase):
    def test_text_and_place_say_the_same(self) -> None:
        for place, text in (
            (Place("a", "b", "c"), "a/b/c"),
            (Place(), "//"),
            (Place(None, "y"), "/y/"),
            (Place("a/b", None, "50%=,*"), "a%2Fb//50%25%3D%2C%2A"),
            (Place("\u00e9"), "\u00e9//"),
        ):
            self.assertEqual(str(place), text)
            self.assertEqual(Place.parse(text), place)
        self.assertEqual(Place.parse("a,b/y/"), Place(None, "y"))
        with self.assertRaises(libraet.InvalidArgument):
            Place.parse("a/b/c/d")
        with self.assertRaises(libraet.InvalidArgument):
            str(Place("x" * 256))


if __name__ == "__main__":
    unittest.main()
