"""Either side comes back with its store: the same numbers and keys, no new join, and messages pass again."""

import itertools
import time

from harness import InteropCase, vary


class Restart(InteropCase):

    def check(self, role, who, head, body, accept):
        us, they, main, joiner = self.connected_pair(role == "main", accept, head=head, body=body)
        self.exchange(main, joiner)
        before = self.memory(main, joiner)
        victim, other = (us, they) if who == "libraet" else (they, us)
        for kill in (False, True):
            gone = other.mark()
            victim.kill() if kill else victim.stop()
            victim.restart()
            if victim is joiner:
                joiner.call("connect", name=main.name)
            # The other side may believe in the old session for a while: a heartbeat tells it.
            self.wait_new_session(victim, other, gone)
            self.exchange(main, joiner, sizes=((100, 5), (100_000, 1)))
            self.assertEqual(self.memory(main, joiner), before)
        self.finish()

    @staticmethod
    def memory(main, joiner):
        """What a restart must not change."""
        kept = ("joined", "near_id", "far_id", "role", "acceptance", "main", "endpoint")
        return {(one.name, key): one.remote(other.name)[key] for one, other in ((main, joiner), (joiner, main))
                for key in kept} | {(one.name, "keys"): one.call("keys")["verify"] for one in (main, joiner)}

    def wait_new_session(self, victim, other, since):
        """Waits until both sides have short-term keys of after the restart."""
        victim.wait_allowed(other.name)
        if other.is_libraet:
            other.wait_event("allowed", since=since, remote=victim.name, status="RAET_OK")
        other.wait_allowed(victim.name)


vary(Restart, "as_{}_{}_restarts", Restart.check,
     2 * list(itertools.product(("main", "joiner"), ("libraet", "reference"))))


class Presence(InteropCase):
    """Each side notices that the other is gone and that it is there again."""

    def check(self, subject_is_main):
        us, they, main, joiner = self.connected_pair(subject_is_main, "once")
        # Idle for some heartbeats: nobody thinks the other dead.
        since = us.mark(), they.mark()
        time.sleep(4)
        self.assertEqual([e for e in us.events[since[0]:] if e.get("event") in ("dead", "failed")], [])
        self.assertEqual([e for e in they.events[since[1]:] if e.get("event") == "state"], [])
        for victim, other in ((they, us), (us, they)):
            gone = other.mark()
            victim.kill()
            if other.is_libraet:
                other.wait_event("dead", since=gone, remote=victim.name, timeout=10)
            other.poll(lambda: not other.remote(victim.name)["alived"], "dead", 10)
            victim.start()
            if victim is joiner:
                joiner.call("connect", name=main.name)
            other.poll(lambda: other.remote(victim.name)["alived"], "alive again")
            if other.is_libraet:
                other.wait_event("alive", since=gone, remote=victim.name, status="RAET_OK")
            self.settle(victim, other)
        self.forgiving = True
        self.finish()

    def test_as_main(self):
        self.check(True)

    def test_as_joiner(self):
        self.check(False)
