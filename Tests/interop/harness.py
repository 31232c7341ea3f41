"""Starts peers as processes, talks to them, and judges what became of every message.

Each test has one subject, libraet, and one mate, the reference. With RAET_INTEROP_SUBJECT=reference the reference plays
both: what fails then is not libraet's fault.
"""

import collections
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import bodies

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = {"libraet": "libraet_peer.py", "reference": "reference_peer.py"}
SUBJECT = os.environ.get("RAET_INTEROP_SUBJECT", "libraet")
# Seconds: for the answer to a command, and for peers to agree after anything that happens to them.
ANSWER, AGREE = 20, 40
PENDING, ACCEPTED, REJECTED = 0, 1, 2
# Head and body, and acceptance. --full runs all of each; else tests of faults take turns.
KINDS = (("raet", "json"), ("json", "msgpack"), ("raet", "msgpack"), ("json", "json"))
ACCEPTS = ("once", "never", "always")
FULL = os.environ.get("RAET_INTEROP_FULL") == "1"
# What the network does at random, where a test has such a one; each test has a seed of its own unless this is set.
SEED = os.environ.get("RAET_INTEROP_SEED", "")


def vary(test_case, name, run, cases, accepts=ACCEPTS):
    """Adds a test to the class for each case, named after it: in turn with one of KINDS and of `accepts`, or with all.

    `name` holds a place for each value of a case; `run` is called with the test, these values, and head, body, accept.
    """
    for turn, values in enumerate(cases):
        # Shifted by one in each round of 4, so that a case which comes again meets another pair.
        in_turn = [(KINDS[(turn + turn // 4) % 4], accepts[turn % len(accepts)])]
        chosen = list(itertools.product(KINDS, accepts)) if FULL else in_turn
        for (head, body), accept in chosen:
            def test(self, values=values, options={"head": head, "body": body, "accept": accept}):
                run(self, *values, **options)
            full_name = f"test_{name.format(*values)}_head_{head}_body_{body}_accept_{accept}"
            setattr(test_case, full_name, test)


def free_port():
    """A UDP port that nobody uses now, outside the range from which the system serves other tests' sockets."""
    while True:
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            probe.bind(("127.0.0.1", random.SystemRandom().randrange(12000, 32000)))
            return probe.getsockname()[1]
        except OSError:
            continue
        finally:
            probe.close()


class Peer:
    """An estate that may die and come back: its folder, port and name stay, its processes come and go."""

    programs = PROGRAMS

    def __init__(self, kind, folder, name, **options):
        self.kind, self.name = kind, name
        self.folder = folder / name
        self.port = free_port()
        self.options = options
        self.life = 0  # counts the processes
        self.process = None
        self.events = []
        self.changed = threading.Condition()
        self.last_call = 0
        self.log = folder / f"{name}.log"
        self.sent = {}  # id -> life in which it was sent
        self.kinds = {}  # life -> kind of peer that lived it: a folder may pass from one to the other
        self.killed_lives = set()

    @property
    def is_libraet(self):
        return self.kind == "libraet"

    def sent_by_libraet(self, ident):
        return self.kinds[self.sent[ident]] == "libraet"

    # Processes.

    def start(self, **options):
        self.options.update(options)
        self.life += 1
        self.kinds[self.life] = self.kind
        command = [sys.executable, "-B", str(HERE / self.programs[self.kind])]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        threading.Thread(target=self.read, args=(self.process, self.life), daemon=True).start()
        self.call("start", name=self.name, **self.place(), **self.options)
        return self

    def place(self):
        """Where it is to be found, as its start command takes it."""
        return {"port": self.port, "dir": str(self.folder)}

    def read(self, process, life):
        for line in process.stdout:
            record = json.loads(line)
            record.update(life=life, time=time.monotonic())
            with self.changed:
                self.events.append(record)
                self.changed.notify_all()
        with self.changed:
            self.events.append({"event": "gone", "life": life})
            self.changed.notify_all()

    def call(self, command, **arguments):
        """Runs a command of the peer and gives its answer."""
        self.last_call += 1
        number = self.last_call
        line = json.dumps({"call": number, "command": command, **arguments}) + "\n"
        try:
            self.process.stdin.write(line.encode("ascii"))
            self.process.stdin.flush()
        except OSError:
            pass  # the wait below tells that it is gone
        life = self.life
        answer = self.wait(
            lambda events: next((e for e in events if e.get("reply") == number), None)
            or next((e for e in events if e.get("event") == "gone" and e["life"] == life), None),
            f"answer to {command}", ANSWER)
        if "reply" not in answer:
            raise AssertionError(f"{self.name} died in {command}\n{self.tail()}")
        if "error" in answer:
            raise AssertionError(f"{self.name}: {command} {arguments}: {answer['error']}")
        return answer

    def kill(self):
        """SIGKILL: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.killed_lives.add(self.life)
        self.reap()

    def stop(self):
        """Ends as a host would."""
        self.call("stop")
        self.reap(ANSWER)

    def reap(self, timeout=10):
        self.process.wait(timeout)
        life = self.life
        self.wait(lambda events: any(e.get("event") == "gone" and e["life"] == life for e in events), "its end", 10)
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None

    def lose_store(self):
        shutil.rmtree(self.folder)

    def end(self):
        """For clean-up: gone, whatever state it is in."""
        if self.process:
            self.process.kill()
            self.reap()

    def tail(self, lines=25):
        text = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        events = [e for e in self.events if "reply" not in e][-lines:]
        return "\n".join([f"-- {self.name} ({self.kind}), port {self.port}, life {self.life}, last events:"]
                         + [f"   {json.dumps(e)}" for e in events] + text[-lines:])

    # Waiting.

    def wait(self, found, what, timeout=AGREE):
        """Waits until `found` of all events gives something true, and gives that."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                result = found(self.events)
                if result:
                    return result
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{self.name}: no {what} within {timeout} s\n{self.tail()}")
                self.changed.wait(left)

    def mark(self):
        """A place in the events from which wait_event() can look."""
        return len(self.events)

    def wait_event(self, name, since=0, timeout=AGREE, **fields):
        def found(events):
            return next((e for e in events[since:] if e.get("event") == name
                         and all(e.get(key) == value for key, value in fields.items())), None)
        return self.wait(found, f"{name} {fields or ''}", timeout)

    def of(self, name):
        """All events of a name so far."""
        return [e for e in self.events if e.get("event") == name]

    # State.

    def remote(self, name):
        """What the peer knows of a remote, or None."""
        return self.call("status")["remotes"].get(name)

    def poll(self, condition, what, timeout=AGREE):
        """Waits until condition() is true and gives its value; asks every now and then."""
        deadline = time.monotonic() + timeout
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                state = self.call("status")["remotes"]
                raise AssertionError(f"{self.name}: not {what} within {timeout} s\n{state}\n{self.tail()}")
            time.sleep(0.05)

    def wait_allowed(self, name, timeout=AGREE):
        return self.poll(lambda: (self.remote(name) or {}).get("allowed"), f"allowed with {name}", timeout)

    def restart(self, kill=False):
        """Goes and comes back on what it has stored."""
        if self.process:
            self.kill() if kill else self.stop()
        return self.start()

    def accept(self, role):
        """Accepts a role's keys as a person does, once they are there."""
        self.poll(lambda: role in self.call("roles")["roles"], f"keys of {role} pending")
        self.call("set_role", role=role, acceptance=ACCEPTED)


class Yard(Peer):
    """A process on a lane, whose sockets all lie in one folder."""

    programs = {"libraet": "libraet_yard.py", "reference": "reference_yard.py"}

    def __init__(self, kind, folder, name, **options):
        super().__init__(kind, folder, name, **options)
        self.lane_folder = folder / "lane"

    def place(self):
        self.lane_folder.mkdir(mode=0o700, exist_ok=True)
        return {"lane": "cherry", "dir": str(self.lane_folder)}

    @property
    def socket(self):
        return self.lane_folder / f"cherry.{self.name}.uxd"


class InteropCase(unittest.TestCase):
    """A test with peers in a folder of its own; ends with the audit of all messages."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="raet-interop-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.peers = []
        self.counter = 0
        self.forgiving = False  # set where a kill or lost store lets messages fail or come to nothing
        self.certain = set()  # ids that have to arrive once all the same
        self.addCleanup(lambda: [peer.end() for peer in self.peers])
        self.addCleanup(self.keep_tails)

    def keep_tails(self):
        self.tails = [peer.tail() for peer in self.peers]

    def run(self, result=None):
        """As ever, and after a failure shows what each peer had to say."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print("\n".join(getattr(self, "tails", [])), file=sys.stderr)

    def peer(self, kind, name, **options):
        peer = Peer(kind, self.folder, name, **options)
        self.peers.append(peer)
        return peer

    def yard(self, kind, name, **options):
        yard = Yard(kind, self.folder, name, **options)
        self.peers.append(yard)
        return yard

    def subject(self, name, **options):
        return self.peer(SUBJECT, name, **options)

    def mate(self, name, **options):
        return self.peer("reference", name, **options)

    def pair(self, subject_is_main, subject={}, mate={}, **common):
        """Subject and mate, started, the one main and the other its joiner. Gives them, then main and joiner."""
        names = ("main", "joiner") if subject_is_main else ("joiner", "main")
        us = self.subject(names[0], **{**common, **subject}, main=subject_is_main)
        they = self.mate(names[1], **{**common, **mate}, main=not subject_is_main)
        for peer in (us, they):
            peer.start()
        return (us, they, us, they) if subject_is_main else (us, they, they, us)

    def connected_pair(self, subject_is_main, accept, **options):
        """A pair that is joined and allowed; where acceptance is never, a person has accepted both."""
        us, they, main, joiner = self.pair(subject_is_main, accept=accept, **options)
        self.introduce(joiner, main)
        if accept == "never":
            main.accept(joiner.name)
            joiner.accept(main.name)
        self.meet(main, joiner)
        return us, they, main, joiner

    @staticmethod
    def introduce(joiner, main, named=True):
        """Lets a joiner know of a main estate, and connect."""
        added = joiner.call("add", host="127.0.0.1", port=main.port, name=main.name if named else None)
        joiner.call("connect", name=added["name"])

    @staticmethod
    def meet(one, other, timeout=AGREE):
        """Waits until messages can pass between two."""
        one.wait_allowed(other.name, timeout)
        other.wait_allowed(one.name, timeout)

    def new_ids(self, sender, count):
        """Ids that are equally long, so that a size holds for all."""
        first = self.counter + 1
        self.counter += count
        ids = [f"{sender.name}-{number:05}" for number in range(first, first + count)]
        sender.sent.update({ident: sender.life for ident in ids})
        return ids

    def send(self, sender, receiver, size, count=1, kind=None):
        ids = self.new_ids(sender, count)
        sender.call("send", to=receiver.name, ids=ids, size=size, kind=kind)
        return ids

    def wait_messages(self, receiver, ids, timeout=AGREE):
        wanted = set(ids)

        def found(events):
            return wanted <= {e["id"] for e in events if e.get("event") == "message"}
        receiver.wait(found, f"{len(wanted)} messages such as {ids[0]}", timeout)

    def wait_ends(self, sender, ids, timeout=AGREE):
        """Waits until each of these sends has ended; gives their ends by id."""
        wanted = set(ids)

        def found(events):
            ends = {e["id"]: e for e in events if e.get("event") == "sent_end"}
            return {ident: ends[ident] for ident in wanted} if wanted <= ends.keys() else None
        return sender.wait(found, f"end of {len(wanted)} sends such as {ids[0]}", timeout)

    def exchange(self, one, other, sizes=((100, 5),), kind=None, timeout=AGREE):
        """Sends in both directions at once and waits until all has arrived and libraet's sends have been delivered."""
        sent = [(sender, receiver, self.send(sender, receiver, size, count, kind if sender.is_libraet else None))
                for size, count in sizes for sender, receiver in ((one, other), (other, one))]
        for sender, receiver, ids in sent:
            self.wait_messages(receiver, ids, timeout)
            ends = self.wait_ends(sender, ids, timeout)
            if sender.is_libraet:
                for ident, end in ends.items():
                    self.assertEqual(end["outcome"], "delivered", f"{ident}: {end}")

    def settle(self, one, other, timeout=AGREE):
        """After faults: waits until a message passes in each direction, sending anew what fails."""
        for sender, receiver in ((one, other), (other, one)):
            deadline = time.monotonic() + timeout
            while True:
                sender.wait_allowed(receiver.name, timeout)
                ids = self.send(sender, receiver, 100)
                try:
                    self.wait_messages(receiver, ids, 4)
                    break
                except AssertionError:
                    if time.monotonic() > deadline:
                        raise

    def audit(self):
        """Judges every message of the test by the promises of libraet."""
        by_name = {peer.name: peer for peer in self.peers}
        arrived = collections.Counter()
        for receiver in self.peers:
            for message in receiver.of("message"):
                ident = message["id"]
                if ident is None:
                    continue  # an empty mapping has none; its test counts it
                sender = by_name[message["remote"]]
                self.assertIn(ident, sender.sent, "a message that was never sent")
                expected = bodies.report(bodies.make(ident, message["size"]))
                self.assertEqual({key: message[key] for key in expected}, expected, "another content than was sent")
                self.assertTrue(message.get("same_bytes", True), f"other bytes than were sent: {message}")
                arrived[ident] += 1
            self.assertEqual(receiver.of("crash"), [], receiver.tail())
        for sender in self.peers:
            for ident in sender.sent:
                is_certain = not self.forgiving or ident in self.certain
                # The reference sends a message again, as a new one, when a session ends in the midst of it.
                if sender.sent_by_libraet(ident) or is_certain:
                    self.assertLessEqual(arrived[ident], 1, f"{ident} arrived {arrived[ident]} times")
                if is_certain:
                    self.assertEqual(arrived[ident], 1, f"{ident} was lost")
            self.audit_reports(sender, arrived)

    def audit_reports(self, sender, arrived):
        """Promise 1: each accepted send ends in exactly one report, and that is true."""
        ends = collections.defaultdict(list)
        for end in sender.of("sent_end"):
            ends[end["id"]].append(end)
        for ident, life in sender.sent.items():
            if not sender.sent_by_libraet(ident):
                continue
            reports = ends[ident]
            self.assertLessEqual(len(reports), 1, f"more than one end: {reports}")
            if not reports:
                under_way = life == sender.life and sender.process
                self.assertTrue(life in sender.killed_lives or under_way, f"no end of {ident}")
                continue
            end = reports[0]
            if end["outcome"] == "delivered":
                self.assertEqual(arrived[ident], 1, f"{ident} was reported delivered but did not arrive")
            elif end["status"] != "RAET_EUNKNOWN":
                self.assertEqual(arrived[ident], 0, f"{ident} was reported as failed ({end['status']}) but arrived")

    def finish(self):
        """Waits for the ends of all that libraet sent, stops the peers as hosts do, and audits."""
        for peer in self.peers:
            if peer.process and peer.is_libraet:
                pending = [ident for ident, life in peer.sent.items() if life == peer.life]
                if pending:
                    self.wait_ends(peer, pending)
        for peer in self.peers:
            if peer.process:
                peer.stop()
        self.audit()
