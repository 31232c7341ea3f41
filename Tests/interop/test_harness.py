"""The audit of messages finds what it is there to find: without this, all other tests could pass by mistake."""

import pathlib
import unittest

import bodies
from harness import InteropCase, Peer


class Audit(unittest.TestCase):

    def setUp(self):
        self.case = InteropCase()
        self.case.forgiving, self.case.certain = False, set()
        folder = pathlib.Path("/nonexistent")
        self.sender, self.receiver = Peer("libraet", folder, "sender"), Peer("reference", folder, "receiver")
        for peer in (self.sender, self.receiver):
            peer.life = 1
            peer.kinds[1] = peer.kind
        self.case.peers = [self.sender, self.receiver]
        self.case.counter = 0
        self.ident = self.case.new_ids(self.sender, 1)[0]

    def arrive(self, **changes):
        report = bodies.report(bodies.make(self.ident, 100))
        self.receiver.events.append({"event": "message", "remote": "sender", **report, **changes})

    def end(self, outcome, status="RAET_OK"):
        self.sender.events.append({"event": "sent_end", "id": self.ident, "outcome": outcome, "status": status})

    def refuse(self, text):
        with self.assertRaisesRegex(AssertionError, text):
            self.case.audit()

    def test_takes_what_is_right(self):
        self.arrive()
        self.end("delivered")
        self.case.audit()

    def test_finds_a_lost_message(self):
        self.end("failed", "RAET_ETIMEDOUT")
        self.refuse("was lost")

    def test_finds_a_message_that_came_twice(self):
        self.arrive()
        self.arrive()
        self.end("delivered")
        self.refuse("arrived 2 times")

    def test_finds_another_content(self):
        self.arrive(digest="0")
        self.end("delivered")
        self.refuse("another content")

    def test_finds_other_bytes(self):
        self.arrive(same_bytes=False)
        self.end("delivered")
        self.refuse("other bytes")

    def test_finds_a_message_nobody_sent(self):
        self.arrive(id="forged-00001")
        self.refuse("never sent")

    def test_finds_a_lost_message_among_those_that_may_be_lost(self):
        self.case.forgiving, self.case.certain = True, {self.ident}
        self.end("failed", "RAET_EUNKNOWN")
        self.refuse("was lost")

    def test_finds_a_missing_report(self):
        self.arrive()
        self.refuse("no end")

    def test_finds_two_reports(self):
        self.arrive()
        self.end("delivered")
        self.end("failed", "RAET_EUNKNOWN")
        self.refuse("more than one end")

    def test_finds_a_false_delivered(self):
        self.case.forgiving = True
        self.end("delivered")
        self.refuse("did not arrive")

    def test_finds_a_false_failed(self):
        self.arrive()
        self.end("failed", "RAET_ENACK")
        self.refuse("but arrived")

    def test_takes_unknown_either_way(self):
        self.case.forgiving = True
        self.end("failed", "RAET_EUNKNOWN")
        self.case.audit()
        self.arrive()
        self.case.audit()

    def test_finds_a_crash(self):
        self.arrive()
        self.end("delivered")
        self.receiver.events.append({"event": "crash", "trace": "Boom"})
        self.refuse("Boom")
