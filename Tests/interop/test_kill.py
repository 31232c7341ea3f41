"""SIGKILL in the middle of a message: reports stay true, and both sides find together again."""

import itertools
import time

from harness import InteropCase, vary

SIZE = 3_000_000


class Kill(InteropCase):

    def check(self, role, who, does, head, body, accept):
        self.forgiving = True
        # The reference sends in bursts here: else all of a message is under way at once and there is no middle.
        us, they, main, joiner = self.connected_pair(role == "main", accept, head=head, body=body, mate={"burst": 24})
        self.exchange(main, joiner)
        victim, other = (us, they) if who == "libraet" else (they, us)
        sender, receiver = (victim, other) if does == "sends" else (other, victim)
        large = self.catch_midway(sender, receiver)
        victim.kill()
        if other is us:
            # Sent while nobody is there: waits for it.
            waiting = self.send(us, they, 100, 3)
        time.sleep(0.5)
        victim.start()
        if victim is joiner:
            joiner.call("connect", name=main.name)
        self.settle(main, joiner)
        if other is us and us.is_libraet:
            ends = self.wait_ends(us, waiting)
            for end in ends.values():
                # What waited was not lost with the old session, unless libraet cannot know.
                self.assertTrue(end["outcome"] == "delivered" or end.get("status") == "RAET_EUNKNOWN", end)
            if sender is us:
                self.wait_ends(us, large, 60)
        self.exchange(main, joiner, sizes=((100, 3), (20_000, 1)))
        self.finish()

    def catch_midway(self, sender, receiver):
        """Sends until the receiver is caught with a message half there; gives its ids."""
        for _ in range(6):
            ids = self.send(sender, receiver, SIZE)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                arrived = {event["id"] for event in receiver.of("message")}
                if arrived.issuperset(ids):
                    break
                transfers = receiver.call("progress")["transfers"]
                if any(t["direction"] == "receiving" and t["done"] * 20 > t["total"] for t in transfers):
                    return ids
        raise AssertionError("no message was ever seen half there")


vary(Kill, "as_{}_{}_dies_as_it_{}", Kill.check,
     itertools.product(("main", "joiner"), ("libraet", "reference"), ("sends", "receives")))
