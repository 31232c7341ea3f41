"""Over a network that drops, doubles, delays and reorders in both directions: all arrives once, and is reported so."""

import itertools

from harness import SEED, InteropCase
from relay import Faults, Relay

# Seconds for what the reference takes long to repair.
PATIENCE = 90
SMALL = 100


class LossyRoad(InteropCase):
    """Each fault befalls `share` of the datagrams. The handshake goes through it, too."""

    def check(self, subject_is_main, share, count, large):
        seed = SEED or f"{share} {subject_is_main}"
        print(f"seed {seed}")
        # The reference's application would take a slow remote for one that has lost its store, and join anew.
        us, they, main, joiner = self.pair(subject_is_main, accept="once", mate={"burst": 64, "doubt_after": PATIENCE})
        relay = Relay(main.port, seed, Faults(share, share, share, share))
        self.addCleanup(relay.close)
        joiner.call("add", host="127.0.0.1", port=relay.port, name=main.name)
        joiner.call("connect", name=main.name)
        self.meet(main, joiner, PATIENCE)
        # What the reference sends while one side still shakes hands may come to nothing: none of the promised yet.
        self.forgiving = True
        self.settle(main, joiner, PATIENCE)
        ends = self.exchange_all(us, they, count, large)
        for ident, end in ends.items():
            self.assertIn(end["outcome"], ("delivered", "done"), f"{ident}: {end}")
        print(dict(relay.counts))
        for fault in ("dropped", "doubled", "delayed", "reordered"):
            self.assertGreater(relay.counts[fault], 0, f"never met: {fault}")
        self.finish()

    def exchange_all(self, us, they, count, large):
        """Sends both ways at once, small ones and a large one. All of it has to arrive. Gives how each has ended."""
        sent = [(one, other, self.send(one, other, SMALL, count) + self.send(one, other, large))
                for one, other in ((us, they), (they, us))]
        ends = {}
        for one, other, ids in sent:
            self.certain.update(ids)
            ends.update(self.wait_ends(one, ids, PATIENCE))
            self.wait_messages(other, ids, PATIENCE)
        return ends


for _role, (_percent, _count, _large) in itertools.product(
        ("main", "joiner"), ((10, 60, 200_000), (30, 40, 50_000), (50, 20, 20_000))):
    def _lossy(self, role=_role, percent=_percent, count=_count, large=_large):
        self.check(role == "main", percent / 100, count, large)
    setattr(LossyRoad, f"test_as_{_role}_faults_of_{_percent}_percent", _lossy)


class LostHandshake(InteropCase):
    """Each of the first datagrams is lost once, in each direction: the two connect all the same."""

    def check(self, subject_is_main, drop):
        # A message that passes before both sides know of it may come to nothing.
        self.forgiving = True
        us, they, main, joiner = self.pair(subject_is_main, accept="once")
        relay = Relay(main.port, drop=drop)
        self.addCleanup(relay.close)
        joiner.call("add", host="127.0.0.1", port=relay.port, name=main.name)
        joiner.call("connect", name=main.name)
        self.meet(main, joiner)
        self.settle(main, joiner)
        self.assertGreater(relay.counts["dropped"], 0)
        self.finish()

    def test_as_main_first_acks_of_joins_lost(self):
        self.check(True, FirstJoinAcks())

    def test_as_joiner_first_acks_of_joins_lost(self):
        self.check(False, FirstJoinAcks())


class FirstJoinAcks:
    """Loses the first three datagrams by which a joiner ends a join: it is joined then, and does not say so again."""

    def __init__(self):
        self.left = 3

    def __call__(self, to_target, number, datagram):
        head = datagram.partition(b"\n\n")[0].split(b"\n")
        if not to_target or self.left == 0 or b"tk 1" not in head or b"pk 1" not in head:
            return False
        self.left -= 1
        return True


for _role, _to_main, _number in itertools.product(("main", "joiner"), (True, False), range(1, 5)):
    def _test(self, role=_role, to_main=_to_main, number=_number):
        self.check(role == "main", lambda to_target, count, _: to_target == to_main and count == number)
    setattr(LostHandshake, f"test_as_{_role}_datagram_{_number}_{'to' if _to_main else 'from'}_main_lost", _test)
