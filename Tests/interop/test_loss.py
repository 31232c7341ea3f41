"""Over a network that loses, repeats and reorders in both directions: all arrives, and reports stay true."""

import itertools

from harness import InteropCase
from relay import Relay

# Seconds for what the reference takes long to repair.
PATIENCE = 90


class Loss(InteropCase):

    def check(self, subject_is_main, loss, seed, small, large):
        print(f"seed {seed}")
        # A handshake may be lost as well, and with it a session in which the reference has sent.
        self.forgiving = True
        us, they, main, joiner = self.pair(subject_is_main, accept="once", mate={"burst": 64})
        relay = Relay(main.port, seed, loss=loss, repeat=0.05, delay=0.004)
        self.addCleanup(relay.close)
        joiner.call("add", host="127.0.0.1", port=relay.port, name=main.name)
        joiner.call("connect", name=main.name)
        self.meet(main, joiner, PATIENCE)
        sent = [(one, other, self.send(one, other, 100, small) + self.send(one, other, large))
                for one, other in ((us, they), (they, us))]
        for one, other, ids in sent:
            ends = self.wait_ends(one, ids, PATIENCE)
            if one.is_libraet:
                # Where the reference shakes hands anew in the midst of it, its nacks leave open what had come before.
                outcomes = {end["outcome"] if end["outcome"] == "delivered" else end["status"] for end in ends.values()}
                self.assertLessEqual(outcomes, {"delivered", "RAET_EUNKNOWN"})
            certain = [ident for ident in ids if ends[ident]["outcome"] in ("delivered", "done")]
            if one.is_libraet:
                self.assertGreater(len(certain), len(ids) // 5)
            self.wait_messages(other, certain)
        self.assertGreater(relay.lost, 0)
        self.finish()

    def test_as_main_loss_of_a_tenth(self):
        self.check(True, 0.1, 101, 60, 200_000)

    def test_as_joiner_loss_of_a_tenth(self):
        self.check(False, 0.1, 102, 60, 200_000)

    def test_as_main_loss_of_three_tenths(self):
        self.check(True, 0.3, 103, 30, 50_000)

    def test_as_joiner_loss_of_three_tenths(self):
        self.check(False, 0.3, 104, 30, 50_000)


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
        self.assertGreater(relay.lost, 0)
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
