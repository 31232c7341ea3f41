"""Routes from a worker through its manor, the road and another manor to a worker, and back: one manor of libraet, one
of the reference, and workers of both at each."""

import itertools

import bodies
from harness import SUBJECT, InteropCase, Peer

SIZES = ((100, 3), (150_000, 1))


class Process(Peer):
    """A manor, or a worker, of an estate."""

    programs = {"libraet": "libraet_route.py", "reference": "reference_route.py"}

    def __init__(self, kind, folder, name, estate, road, **options):
        super().__init__(kind, folder, name, **options)
        self.estate, self.road = estate, road
        self.lane_folder = folder / f"lane-{estate}"

    def place(self):
        self.lane_folder.mkdir(mode=0o700, exist_ok=True)
        return {**super().place(), "estate": self.estate, "road": self.road, "lane_dir": str(self.lane_folder)}


class Routes(InteropCase):
    """Two estates: "ours", whose manor is libraet's, and "theirs", whose manor is the reference's."""

    def process(self, kind, name, estate, road=False, **options):
        process = Process(kind, self.folder, name, estate, road, **options).start()
        self.peers.append(process)
        return process

    def estates(self, subject_joins, body):
        self.ours, self.theirs = (self.process(kind, f"manor-{estate}", estate, road=True, body=body)
                                  for kind, estate in ((SUBJECT, "ours"), ("reference", "theirs")))
        joiner, main = (self.ours, self.theirs) if subject_joins else (self.theirs, self.ours)
        joiner.call("add", host="127.0.0.1", port=main.port, name=main.estate)
        joiner.call("connect", name=main.estate)
        joiner.wait_allowed(main.estate)
        main.wait_allowed(joiner.estate)
        self.workers = []
        kinds = (("one", SUBJECT), ("two", "reference"))
        for manor, (name, kind) in itertools.product((self.ours, self.theirs), kinds):
            worker = self.process(kind, f"{name}-{manor.estate}", manor.estate, body=body)
            manor.call("add_yard", name=worker.name)
            self.workers.append(worker)

    def pass_on(self, sender, receiver, size, count):
        """Sends from one to another, whose answer comes back; both are told who sent it."""
        source, destination = ([p.estate, "manor" if p.road else p.name, share]
                               for p, share in ((sender, "answers"), (receiver, "jobs")))
        for one, other, from_, to in ((sender, receiver, source, destination), (receiver, sender, destination, source)):
            ids = self.new_ids(one, count)
            one.call("route", to=to, share=from_[2], ids=ids, size=size)
            self.wait_messages(other, ids)
            for message in other.of("message"):
                if message["id"] in ids:
                    self.assertEqual((message["source"], message["destination"]), (from_, to))
                    expected = bodies.report(bodies.make(message["id"], size))
                    self.assertEqual({key: message[key] for key in expected}, expected)

    def check(self, subject_joins, body):
        self.estates(subject_joins, body)
        for sender, receiver in itertools.product(self.workers[:2], self.workers[2:]):
            for size, count in SIZES:
                self.pass_on(sender, receiver, size, count)
        self.pass_on(self.workers[0], self.theirs, 100, 1)
        self.pass_on(self.workers[2], self.ours, 100, 1)
        self.finish()

    def finish(self):
        for peer in self.peers:
            peer.stop()
        for peer in self.peers:
            ids = [message["id"] for message in peer.of("message")]
            self.assertEqual(len(ids), len(set(ids)), "each arrived once")
            self.assertEqual(peer.of("crash") + peer.of("failed") + peer.of("undelivered"), [], peer.tail())

    def test_json_libraet_joins(self):
        self.check(True, "json")

    def test_msgpack_reference_joins(self):
        self.check(False, "msgpack")

    def test_a_yard_of_the_reference_that_claims_to_be_another_is_refused(self):
        self.estates(True, "json")
        liar, victim = self.workers[1], self.workers[0]
        ids = self.new_ids(liar, 1)
        liar.call("route", to=["theirs", self.workers[2].name, "jobs"], share="s", ids=ids, size=100, yard=victim.name)
        if self.ours.is_libraet:
            refused = self.ours.wait_event("refused")
            self.assertEqual(refused["source"], ["ours", liar.name, "s"])
        self.pass_on(victim, self.workers[2], 100, 1)
        self.finish()
        if self.ours.is_libraet:
            self.assertFalse([m for m in self.workers[2].of("message") if m["id"] in ids])
