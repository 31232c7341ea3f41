"""Acceptance of keys by a person: by the API, or from outside by the role's file, as Salt's key tool did."""

import json
import subprocess
import sys

from harness import ACCEPTED, HERE, PENDING, REJECTED, InteropCase

# Run with the reference's own classes, in a process that has nothing to do with the stack's. The reference empties a file
# before it writes it, and ends with an exception when it reads such a file; for a reader of its kind the file is replaced.
KEY_TOOL = """
import os
import sys
import reference_peer
from raet.road import keeping
folder, ext, role, acceptance, reader = sys.argv[1:]
keep = keeping.RoadKeep(dirpath=folder, stackname="tool", ext=ext)
data = keep.loadRemoteRoleData(role)
assert data["acceptance"] is not None, data
data["acceptance"] = int(acceptance)
if reader == "reference":
    dump = keep.dump
    def replace(data, path):
        dump(data, os.path.join(folder, "whole." + ext))
        os.replace(os.path.join(folder, "whole." + ext), path)
    keep.dump = replace
keep.dumpRemoteRoleData(data, role)
"""


class Acceptance(InteropCase):

    def key_tool(self, peer, role, acceptance, store="json"):
        """Changes the file of a role as another program does, once the file is there."""
        file = peer.folder / "role" / "remote" / f"role.{role}.{store}"
        peer.poll(lambda: file.exists(), f"keys of {role} stored")
        subprocess.run([sys.executable, "-B", "-c", KEY_TOOL, str(peer.folder), store, role, str(acceptance), peer.kind],
                       cwd=HERE, check=True, stdout=subprocess.DEVNULL)

    def check_outside(self, subject_is_main, store):
        """Nobody is accepted before the person says so; the file is noticed while the join waits."""
        us, they, main, joiner = self.pair(subject_is_main, store=store, subject={"accept": "never"},
                                           mate={"accept": "once"})
        self.introduce(joiner, main)
        us.poll(lambda: us.call("roles")["roles"].get(they.name, {}).get("acceptance") == PENDING, "pending")
        if us.is_libraet:
            us.wait_event("key_pending", remote=they.name)
        self.assertFalse((us.remote(they.name) or {}).get("joined"))
        self.key_tool(us, they.name, ACCEPTED, store)
        self.meet(main, joiner)
        self.assertEqual(us.call("roles")["roles"][they.name]["acceptance"], ACCEPTED)
        self.exchange(main, joiner)
        self.finish()

    def test_main_takes_acceptance_from_a_json_file(self):
        self.check_outside(True, "json")

    def test_main_takes_acceptance_from_a_msgpack_file(self):
        self.check_outside(True, "msgpack")

    def test_joiner_takes_acceptance_from_a_json_file(self):
        self.check_outside(False, "json")

    def test_joiner_takes_acceptance_from_a_msgpack_file(self):
        self.check_outside(False, "msgpack")

    def test_joiner_waits_for_the_person_at_main(self):
        """The reference is main and its person takes longer than a join lasts."""
        us, they, main, joiner = self.pair(False, subject={"accept": "once"}, mate={"accept": "never"})
        self.introduce(joiner, main)
        they.poll(lambda: us.name in they.call("roles")["roles"], "pending at main")
        # Sent long before it can pass: waits, unless it is the reference that sends.
        early = self.send(us, they, 100, 2) if us.is_libraet else []
        try:
            us.wait_event("gone", timeout=8)
        except AssertionError:
            pass  # nothing else can be waited for: the time itself is the test
        self.key_tool(they, us.name, ACCEPTED)
        self.meet(main, joiner)
        if early:
            self.wait_messages(they, early)
        self.exchange(main, joiner)
        self.finish()

    def test_main_rejects_then_accepts(self):
        us, they, main, joiner = self.pair(True, subject={"accept": "never"}, mate={"accept": "once"})
        self.introduce(joiner, main)
        us.poll(lambda: they.name in us.call("roles")["roles"], "pending")
        us.call("set_role", role=they.name, acceptance=REJECTED)
        they.poll(lambda: they.call("stats")["stats"].get("joiner_rx_reject"), "told that it is rejected")
        self.assertFalse((us.remote(they.name) or {}).get("joined"))
        us.call("set_role", role=they.name, acceptance=ACCEPTED)
        self.meet(main, joiner)
        self.exchange(main, joiner)
        self.finish()

    def test_joiner_is_rejected_then_accepted(self):
        us, they, main, joiner = self.pair(False, subject={"accept": "once"}, mate={"accept": "never"})
        self.introduce(joiner, main)
        they.poll(lambda: us.name in they.call("roles")["roles"], "pending")
        self.key_tool(they, us.name, REJECTED)
        if us.is_libraet:
            us.wait_event("joined", status="RAET_EREJECTED")
        self.key_tool(they, us.name, ACCEPTED)
        self.meet(main, joiner)
        self.exchange(main, joiner)
        self.finish()

    def test_pending_keys_survive_a_restart_of_main(self):
        us, they, main, joiner = self.pair(True, subject={"accept": "never"}, mate={"accept": "once"})
        self.introduce(joiner, main)
        us.poll(lambda: they.name in us.call("roles")["roles"], "pending")
        us.restart()
        self.assertEqual(us.call("roles")["roles"][they.name]["acceptance"], PENDING)
        us.accept(they.name)
        self.meet(main, joiner)
        self.exchange(main, joiner)
        self.finish()

    def test_role_file_holds_what_the_reference_writes(self):
        us, they, main, joiner = self.pair(True, accept="once")
        self.introduce(joiner, main)
        self.meet(main, joiner)
        role = json.loads((us.folder / "role" / "remote" / f"role.{they.name}.json").read_text("utf-8"))
        keys = they.call("keys")
        self.assertEqual(role, {"role": they.name, "acceptance": ACCEPTED, "verhex": keys["verify"],
                                "pubhex": keys["public"]})
        self.finish()
