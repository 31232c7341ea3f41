"""Either side comes back without its store: a stranger with a known name. Open roads take it in, others do not."""

import itertools

from harness import REJECTED, SUBJECT, InteropCase, vary

OPEN = {"accept": "always", "mutable": True}


class LostStore(InteropCase):

    def joined_pair(self, subject_is_main, **options):
        us, they, main, joiner = self.pair(subject_is_main, **options)
        self.introduce(joiner, main)
        self.meet(main, joiner)
        self.exchange(main, joiner)
        return us, they, main, joiner

    def check_open(self, role, who, head, body, accept):
        self.forgiving = True
        us, they, main, joiner = self.joined_pair(role == "main", head=head, body=body, accept=accept, mutable=True)
        victim, other = (us, they) if who == "libraet" else (they, us)
        old_keys = victim.call("keys")
        since = other.mark()
        victim.kill()
        victim.lose_store()
        victim.start()
        self.assertNotEqual(victim.call("keys"), old_keys)
        if victim is joiner:
            self.introduce(joiner, main)
        # A main estate that has lost its store says nothing to those it does not know: they find out and join anew.
        victim.poll(lambda: (victim.remote(other.name) or {}).get("allowed"), "known and allowed again", 60)
        self.settle(main, joiner)
        self.assertEqual(other.call("roles")["roles"][victim.name]["verify"], victim.call("keys")["verify"])
        if other.is_libraet:
            other.wait_event("key_changed", since=since, remote=victim.name, status="RAET_OK")
        self.exchange(main, joiner, sizes=((100, 3), (50_000, 1)))
        self.finish()

    def check_closed(self, subject_is_main, mutable):
        """The reference lost its store; libraet keeps the keys it knows, says so, and nothing passes."""
        self.forgiving = True
        us, they, main, joiner = self.joined_pair(subject_is_main, subject={"accept": "once", "mutable": mutable},
                                                  mate=OPEN)
        known = us.call("roles")["roles"][they.name]
        since = us.mark()
        they.kill()
        they.lose_store()
        they.start()
        if they is joiner:
            self.introduce(joiner, main)
        if us.is_libraet:
            us.wait_event("key_changed", since=since, remote=they.name, status="RAET_EREJECTED", timeout=60)
        elif they is joiner:
            they.poll(lambda: they.call("stats")["stats"].get("joiner_rx_reject"), "rejected")
        self.assertFalse((they.remote(us.name) or {}).get("allowed"))
        self.assertEqual(us.call("roles")["roles"][they.name]["verify"], known["verify"])
        self.assertNotEqual(us.call("roles")["roles"][they.name]["acceptance"], REJECTED)
        for peer in (us, they):
            peer.stop()
        self.audit()

    def test_main_keeps_known_keys_of_a_joiner(self):
        self.check_closed(True, True)

    def test_main_keeps_known_keys_of_a_joiner_on_an_immutable_road(self):
        self.check_closed(True, False)

    def test_joiner_keeps_known_keys_of_main(self):
        self.check_closed(False, True)

    def test_main_loses_its_remotes_but_keeps_its_keys(self):
        """Half of the store is lost: who joined is unknown, answered with renew, and may come again."""
        self.check_lost_remotes(True)

    def test_joiner_finds_main_without_its_remotes(self):
        self.check_lost_remotes(False)

    def test_joiner_of_an_immutable_road_finds_main_without_its_remotes(self):
        """Name, role and keys of main are the same: the renewed join only changes the number (PROTOCOL 10, 5)."""
        if SUBJECT == "reference":
            self.skipTest("the reference never recovers from this")
        self.check_lost_remotes(False, mutable=False)

    def check_lost_remotes(self, subject_is_main, mutable=True):
        self.forgiving = True
        # The reference takes the new number that main has for it on a mutable road only.
        us, they, main, joiner = self.joined_pair(subject_is_main, accept="once", subject={"mutable": mutable},
                                                  mate={"mutable": True})
        main.kill()
        for file in itertools.chain(main.folder.glob("remote/estate.*"), main.folder.glob("role/remote/role.*")):
            file.unlink()
        main.start()
        self.assertEqual(main.call("status")["remotes"], {})
        main.poll(lambda: (main.remote(joiner.name) or {}).get("allowed"), "known and allowed again", 60)
        self.settle(main, joiner)
        self.exchange(main, joiner)
        self.finish()


vary(LostStore, "as_{}_{}_loses_its_store", LostStore.check_open,
     itertools.product(("main", "joiner"), ("libraet", "reference")), accepts=("always",))
