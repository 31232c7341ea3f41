"""Messages pass both ways, each once and byte for byte, for each way to be joined and to write packets."""

import itertools
import shutil

from harness import InteropCase


class Exchange(InteropCase):
    """libraet as main or joiner x head x body x acceptance, with messages of 100 bytes and 100 kB."""

    def check(self, subject_is_main, head, body, accept):
        _, _, main, joiner = self.connected_pair(subject_is_main, accept, head=head, body=body)
        self.exchange(main, joiner, sizes=((100, 10), (100_000, 2)))
        self.finish()


for _role, _head, _body, _accept in itertools.product(("main", "joiner"), ("raet", "json"), ("json", "msgpack"),
                                                      ("never", "once", "always")):
    def _test(self, role=_role, head=_head, body=_body, accept=_accept):
        self.check(role == "main", head, body, accept)
    setattr(Exchange, f"test_as_{_role}_head_{_head}_body_{_body}_accept_{_accept}", _test)


class Manners(InteropCase):
    """What else may differ between two that talk."""

    def check_mixed(self, subject_is_main):
        _, _, main, joiner = self.connected_pair(subject_is_main, "once", subject={"head": "raet", "body": "msgpack"},
                                                 mate={"head": "json", "body": "json"})
        self.exchange(main, joiner, sizes=((100, 3), (20_000, 2)))
        self.finish()

    def test_as_main_with_other_kinds_than_its_mate(self):
        self.check_mixed(True)

    def test_as_joiner_with_other_kinds_than_its_mate(self):
        self.check_mixed(False)

    def check_nameless(self, subject_is_main):
        _, _, main, joiner = self.pair(subject_is_main, accept="once")
        self.introduce(joiner, main, named=False)
        self.meet(main, joiner)
        self.exchange(main, joiner)
        self.finish()

    def test_joiner_learns_the_name_of_main(self):
        self.check_nameless(False)

    def test_main_tells_its_name(self):
        self.check_nameless(True)

    def test_body_kinds_chosen_by_message(self):
        us, they, _, _ = self.connected_pair(True, "once")
        for kind in ("json", "msgpack", "raw"):
            ids = self.send(us, they, 5_000, count=2, kind=kind)
            self.wait_messages(they, ids)
        self.finish()

    def test_empty_mapping_arrives_once_each_way(self):
        us, they, _, _ = self.connected_pair(False, "once")
        us.call("send_empty", to=they.name)
        they.call("send_empty", to=us.name)
        for receiver in (us, they):
            receiver.wait_event("message", id=None)
        self.exchange(us, they)
        self.finish()
        for receiver in (us, they):
            self.assertEqual(sum(1 for message in receiver.of("message") if message["id"] is None), 1)

    def check_lengths(self, head, body):
        """Every length about the one where a message no longer fits into one datagram, and into two."""
        us, they, _, _ = self.connected_pair(False, "once", head=head, body=body)
        for size in itertools.chain(range(690, 860, 5), range(1480, 1700, 11)):
            for sender, receiver in ((us, they), (they, us)):
                self.send(sender, receiver, size)
        for sender, receiver in ((us, they), (they, us)):
            self.wait_messages(receiver, list(sender.sent))
        self.finish()

    def test_lengths_about_one_and_two_datagrams_head_raet(self):
        self.check_lengths("raet", "json")

    def test_lengths_about_one_and_two_datagrams_head_json(self):
        self.check_lengths("json", "msgpack")

    def test_a_role_is_shared_by_two_joiners_of_main(self):
        self.check_shared_role(True)

    def test_a_role_is_shared_by_two_joiners(self):
        self.check_shared_role(False)

    def check_shared_role(self, subject_is_main):
        """Two estates of one role and its keys join one main: the person is asked once."""
        make_main, make_joiner = (self.subject, self.mate) if subject_is_main else (self.mate, self.subject)
        main = make_main("main", main=True, accept="never").start()
        one = make_joiner("one", role="shop", accept="once").start()
        self.introduce(one, main)
        main.accept("shop")
        self.meet(main, one)
        # A person copies the keys of the role to the second host, where an estate has stored others.
        two = make_joiner("two", role="shop", accept="once").start()
        two.stop()
        shutil.copytree(one.folder / "role" / "local", two.folder / "role" / "local", dirs_exist_ok=True)
        two.start()
        for key in ("verify", "public"):
            self.assertEqual(two.call("keys")[key], one.call("keys")[key])
        self.introduce(two, main)
        self.meet(main, two)
        self.exchange(main, one)
        self.exchange(main, two)
        self.assertEqual(list(main.call("roles")["roles"]), ["shop"])
        self.finish()
