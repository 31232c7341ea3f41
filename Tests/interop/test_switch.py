"""A host switches between the reference and libraet on the same folder: name, keys, numbers and remotes stay."""

import itertools
import os

from harness import SUBJECT, InteropCase


class Switch(InteropCase):

    def check(self, as_main, store, kinds, head="raet"):
        mate = self.mate("mate", main=not as_main, accept="once", store=store, head=head).start()
        mover = self.peer(kinds[0], "mover", main=as_main, accept="once", store=store, head=head)
        memory = None
        for kind in kinds:
            mover.kind = kind
            mover.start()
            main, joiner = (mover, mate) if as_main else (mate, mover)
            if memory is None:
                self.introduce(joiner, main)
            else:
                # Known as it was before anything is sent.
                self.assertTrue(mover.remote("mate")["joined"], mover.call("status"))
                if joiner is mover:
                    joiner.call("connect", name=main.name)
            since = mate.mark()
            self.meet(main, joiner)
            self.settle(main, joiner)
            self.exchange(main, joiner, sizes=((100, 5), (20_000, 1)))
            if memory is not None:
                self.assertEqual(self.memory(mover, mate), memory)
                self.assertEqual([e for e in mate.events[since:] if e.get("event") == "state" and e["key"] == "joined"],
                                 [], "it had to join anew")
                self.assertGreater(mover.remote("mate")["session"], session)
            memory, session = self.memory(mover, mate), mover.remote("mate")["session"]
            mover.stop()
            self.check_files(mover, store)
        self.forgiving = True  # settle() may have sent into a session that was over
        mate.stop()
        self.audit()

    @staticmethod
    def memory(mover, mate):
        kept = ("near_id", "far_id", "role", "acceptance", "main", "kind", "endpoint")
        numbers = {(one.name, key): one.remote(other.name)[key] for one, other in ((mover, mate), (mate, mover))
                   for key in kept}
        keys = mover.call("keys")
        return {**numbers, "keys": (keys["verify"], keys["public"]), "roles": mover.call("roles")["roles"]}

    def check_files(self, mover, store):
        """The files are those of the reference, and no others of its kinds."""
        names = sorted(str(file.relative_to(mover.folder)) for file in mover.folder.rglob(f"*.{store}"))
        self.assertEqual(names, sorted([f"local/estate.{store}", f"remote/estate.mate.{store}",
                                        f"role/local/role.{store}", f"role/remote/role.mate.{store}"]))
        if mover.kind == "libraet":
            # Others cannot reach what is in the folder, also what the reference wrote for all to read.
            for path in [mover.folder / part for part in ("local", "remote", "role", f"role/local/role.{store}")]:
                self.assertEqual(os.stat(path).st_mode & 0o077, 0, f"{path.name} is open to others")


_orders = {"from_reference_and_back": ("reference", SUBJECT, "reference"),
           "from_libraet_and_back": (SUBJECT, "reference", SUBJECT)}
for _role, _store, _order in itertools.product(("main", "joiner"), ("json", "msgpack"), _orders):
    def _test(self, role=_role, store=_store, kinds=_orders[_order]):
        self.check(role == "main", store, kinds, head="json" if store == "msgpack" else "raet")
    setattr(Switch, f"test_as_{_role}_{_order}_on_{_store}_files", _test)
