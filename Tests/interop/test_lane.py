"""Yards of libraet and of the reference on one lane: both ways, both packs, one page and many, deaths and strangers."""

import itertools
import os

from harness import SUBJECT, InteropCase

PACKS = ("json", "msgpack")
SIZES = ((100, 10), (150_000, 2), (5_000_000, 1))


class LaneCase(InteropCase):
    """A test with yards; who adds a yard's name is known to it by the first page."""

    def us(self, name="us", **options):
        return self.yard(SUBJECT, name, **options).start()

    def they(self, name="they", **options):
        return self.yard("reference", name, **options).start()

    def meet_yards(self, adder, added):
        """One adds the other, which gets to know it by its first message."""
        adder.call("add", name=added.name)
        self.wait_messages(added, self.send(adder, added, 100))
        added.wait_event("remote_added", remote=adder.name)

    def status(self, yard, ident):
        return self.wait_ends(yard, [ident])[ident].get("status")


class Exchange(LaneCase):
    """Messages pass both ways, each once and byte for byte."""

    def check(self, subject_adds, pack):
        us, they = self.us(body=pack), self.they(body=pack)
        self.meet_yards(*(us, they) if subject_adds else (they, us))
        self.exchange(us, they, sizes=SIZES)
        if us.is_libraet:
            pids = {message["pid"] for message in us.of("message")}
            self.assertEqual(pids, {they.process.pid}, "the kernel tells who sent it")
        self.finish()
        self.assertFalse(us.socket.exists(), "what is left of a yard that was closed")

    def test_with_other_packs_than_the_mate_s(self):
        us, they = self.us(body="msgpack"), self.they(body="json")
        self.meet_yards(us, they)
        self.exchange(us, they, sizes=SIZES[:2])
        self.exchange(us, they, kind="json" if us.is_libraet else None)
        self.finish()

    def test_every_length_about_one_page_and_two(self):
        us, they = self.us(), self.they()
        self.meet_yards(us, they)
        for size in itertools.chain(range(65_440, 65_470), range(130_850, 130_950, 9)):
            for sender, receiver in ((us, they), (they, us)):
                self.send(sender, receiver, size)
        for sender, receiver in ((us, they), (they, us)):
            self.wait_messages(receiver, list(sender.sent))
        self.finish()

    def test_of_two_yards_at_once_with_one(self):
        us, one, other = self.us(), self.they("one"), self.they("other", body="msgpack")
        for yard in (one, other):
            self.meet_yards(yard, us)
        one.call("add", name=other.name)
        pairs = [(us, one), (us, other), (one, us), (other, us), (one, other)]
        sent = [(sender, receiver, self.send(sender, receiver, size, count))
                for size, count in ((150_000, 3), (100, 30)) for sender, receiver in pairs]
        for sender, receiver, ids in sent:
            self.wait_messages(receiver, ids)
            self.wait_ends(sender, ids)
        self.finish()

    def test_empty_mapping_arrives_once_each_way(self):
        us, they = self.us(), self.they()
        self.meet_yards(us, they)
        for sender, receiver in ((us, they), (they, us)):
            sender.call("send_empty", to=receiver.name)
            receiver.wait_event("message", id=None)
        self.exchange(us, they)
        self.finish()
        for receiver in (us, they):
            self.assertEqual(sum(1 for message in receiver.of("message") if message["id"] is None), 1)


for _adds, _pack in itertools.product((True, False), PACKS):
    def _test(self, adds=_adds, pack=_pack):
        self.check(adds, pack)
    setattr(Exchange, f"test_{'adds' if _adds else 'is_added'}_pack_{_pack}", _test)


class Deaths(LaneCase):
    """Either side is killed, leaves its socket behind, and comes back."""

    def test_mate_is_killed_and_comes_back(self):
        us, they = self.us(), self.they()
        self.meet_yards(us, they)
        self.exchange(us, they)
        self.forgiving = True
        they.kill()
        self.assertTrue(they.socket.exists())
        lost, = self.send(us, they, 100)
        self.assertIn(self.status(us, lost), (None, "RAET_EDEAD"))
        # The reference forgets a yard whose socket is dead; here it was the host that added it.
        us.wait_event("dead" if us.is_libraet else "remote_gone", remote=they.name)
        they.start()
        if not us.is_libraet:
            us.call("add", name=they.name)
        they.call("add", name=us.name)
        self.exchange(us, they, sizes=SIZES[:2])
        self.finish()

    def test_is_killed_and_comes_back(self):
        us, they = self.us(), self.they()
        self.meet_yards(they, us)
        self.exchange(us, they)
        self.forgiving = True
        us.kill()
        self.assertTrue(us.socket.exists())
        self.send(they, us, 100)
        they.wait_event("remote_gone", remote=us.name)
        us.start()
        self.meet_yards(us, they)
        self.exchange(us, they, sizes=SIZES[:2])
        self.finish()

    def check_killed_in_a_book(self, sender, receiver, killed):
        """5 MB, of which only the first pages get through before one of the two is gone."""
        self.meet_yards(sender, receiver)
        self.forgiving = True
        os.kill(receiver.process.pid, 19)  # SIGSTOP: it takes nothing, and the queue in the kernel fills up
        self.send(sender, receiver, 5_000_000)
        killed.kill()
        if killed is sender:
            os.kill(receiver.process.pid, 18)  # SIGCONT
        killed.start()
        if killed is sender:
            receiver.wait_event("remote_added", remote=sender.name)
        else:
            sender.wait_event("dead" if sender.is_libraet else "remote_gone", remote=receiver.name)
        mark = receiver.mark()
        if killed is sender or not sender.is_libraet:
            sender.call("add", name=receiver.name)
        after = self.send(sender, receiver, 150_000, 2)
        self.certain.update(after)
        self.wait_messages(receiver, after)
        self.assertEqual([e["id"] for e in receiver.events[mark:] if e.get("event") == "message"], after)
        self.finish()

    def test_mate_is_killed_in_the_middle_of_a_book_that_it_sends(self):
        us, they = self.us(), self.they()
        self.check_killed_in_a_book(they, us, they)

    def test_is_killed_in_the_middle_of_a_book_that_it_sends(self):
        us, they = self.us(), self.they()
        self.check_killed_in_a_book(us, they, us)

    def test_mate_is_killed_in_the_middle_of_a_book_that_it_receives(self):
        us, they = self.us(), self.they()
        self.check_killed_in_a_book(us, they, they)


class Strangers(LaneCase):
    """Who is heard, and as whom."""

    def test_are_not_heard_where_they_are_not_accepted(self):
        us, they, known = self.us(strangers=False), self.they(), self.they("known")
        us.call("add", name=known.name)
        for yard in (they, known):
            yard.call("add", name=us.name)
        dropped = self.send(they, us, 100, 3)
        self.wait_ends(they, dropped)
        self.wait_messages(us, self.send(known, us, 150_000, 2))
        self.forgiving = True
        if us.is_libraet:
            self.assertEqual(us.call("stats")["stats"]["unaccepted_source_yard"], 3)
        self.assertEqual({message["remote"] for message in us.of("message")}, {known.name})
        self.finish()

    def test_are_not_believed_to_be_another_yard(self):
        us, they, victim = self.us(), self.they(), self.they("victim")
        self.meet_yards(victim, us)
        they.call("add", name=us.name)
        they.call("rename", name=victim.name)
        forged = self.send(they, us, 100, 3) + self.send(they, us, 150_000)
        self.wait_ends(they, forged)
        self.wait_messages(us, self.send(victim, us, 150_000, 2))
        self.forgiving = True
        if us.is_libraet:
            self.assertGreaterEqual(us.call("stats")["stats"]["invalid_source_yard"], 4)
            self.assertFalse(set(forged) & {message["id"] for message in us.of("message")})
        self.finish()

    def test_find_no_yard_where_another_process_has_its_socket(self):
        they = self.they()
        if SUBJECT != "libraet":
            self.skipTest("the reference takes the socket away from the other")
        us = self.yard(SUBJECT, they.name)
        self.peers.remove(us)
        self.addCleanup(us.end)
        with self.assertRaisesRegex(AssertionError, "RAET_EEXIST"):
            us.start()
        self.assertTrue(they.socket.exists())
