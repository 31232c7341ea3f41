"""One estate of the reference implementation in a process of its own, measured by commands on standard input.

    reference_peer.py NAME main|other

It answers each line of commands with one line, the same as peer.c does:

    endpoint                        endpoint 127.0.0.1:PORT
    join ENDPOINT                   joined NAME           joins and allows
    flood NAME SECONDS SIZE         flood MESSAGES NANOSECONDS FAILED
    ping NAME ROUNDS SIZE           ping MEDIAN_NS
    bulk NAME SIZE [BURST]          bulk NANOSECONDS
    idle REMOTES                    idle NANOSECONDS      cost of one service call
    usage                           usage CPU_NANOSECONDS MESSAGES_RECEIVED
    quit

A command that cannot be done is answered by "failed" and a reason.
"""

import collections
import collections.abc
import os
import resource
import select
import shutil
import statistics
import sys
import tempfile
import time

# What Python 3.10 took out of collections and the reference still imports from there.
for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

from ioflo.aid.odicting import odict  # noqa: E402
from ioflo.base.consoling import getConsole  # noqa: E402
from ioflo.base.storing import Store  # noqa: E402
from raet import raeting  # noqa: E402
from raet.road import estating, stacking  # noqa: E402

LIMIT = 60.0  # seconds a command may take
TICK = 0.01  # seconds between two looks at the reference's timers, the shortest of which is 200 ms
# Messages under way while measuring messages/s: of 1, 8, 32, 64, 128, 256 and 512 the reference does best
# with 64 and 128.
WINDOW = 64


class Failed(Exception):
    """A command that cannot be done; its text is the reason."""


class Peer:
    """A stack of the reference with its loop."""

    def __init__(self, name, is_main, folder):
        getConsole().reinit(verbosity=getConsole().Wordage.mute)
        self.start = time.monotonic()
        self.store = Store(stamp=0.0)
        self.stack = stacking.RoadStack(
            store=self.store,
            name=name,
            main=is_main,
            auto=raeting.AutoMode.once.value,
            ha=("127.0.0.1", 0),
            dirpath=os.path.join(folder, name),
        )
        self.received = 0
        self.commands = b""

    def service(self):
        """Lets the stack do what there is to do now, and counts what it received."""
        self.store.changeStamp(time.monotonic() - self.start)
        self.stack.serviceAll()
        self.received += len(self.stack.rxMsgs)
        self.stack.rxMsgs.clear()

    def wait(self, also=()):
        """Waits for a datagram, for a timer to look at, or for input on one of the descriptors `also`."""
        if self.stack.txes:
            return []
        busy = any(remote.transactions for remote in self.stack.remotes.values())
        return select.select([self.stack.server.ss, *also], [], [], TICK if busy or not also else None)[0]

    def run_until(self, reached, what):
        """Services the stack until reached() holds."""
        end = time.monotonic() + LIMIT
        while True:
            self.service()
            if reached():
                return
            if time.monotonic() > end:
                raise Failed(f"{what} within {LIMIT:.0f} s")
            self.wait()

    def count(self, key):
        """A counter of the stack."""
        return self.stack.stats.get(key, 0)

    def ended(self):
        """How many messages were delivered and how many failed so far."""
        return self.count("message_initiate_complete"), self.count("messenger_transaction_failure")

    def remote(self, name):
        """The remote of this name."""
        remote = self.stack.nameRemotes.get(name)
        if remote is None or not remote.allowed:
            raise Failed(f"{name} is not allowed")
        return remote

    def endpoint(self):
        return "endpoint {}:{}".format(*self.stack.server.ha)

    def join(self, endpoint):
        host, _, port = endpoint.rpartition(":")
        remote = self.stack.addRemote(estating.RemoteEstate(stack=self.stack, fuid=0, sid=0, ha=(host, int(port))))
        self.stack.join(uid=remote.uid)
        self.run_until(lambda: remote.joined and not remote.transactions, "not joined")
        self.stack.allow(uid=remote.uid)
        self.run_until(lambda: remote.allowed and not remote.transactions, "not allowed")
        return f"joined {remote.name}"

    def flood(self, name, seconds, size):
        """Messages of `size` bytes, always WINDOW of them under way."""
        uid, body = self.remote(name).uid, self.body(size)
        delivered, failed = self.ended()
        sent = 0
        start = time.monotonic_ns()
        end = start + int(float(seconds) * 1e9)
        while (now := time.monotonic_ns()) < end:
            while sent - sum(self.ended()) + delivered + failed < WINDOW:
                self.stack.transmit(body, uid)
                sent += 1
            self.service()
            if sent - sum(self.ended()) + delivered + failed == WINDOW:
                self.wait()
        count = self.ended()[0] - delivered
        self.run_until(lambda: sum(self.ended()) - delivered - failed == sent, "messages not answered")
        return f"flood {count} {now - start} {self.ended()[1] - failed}"

    def ping(self, name, rounds, size):
        """Times from sending one message to its report."""
        uid, body = self.remote(name).uid, self.body(size)
        times = []
        for _ in range(int(rounds)):
            times.append(self.deliver(uid, body))
        return f"ping {int(statistics.median(times))}"

    def bulk(self, name, size, burst="0"):
        """The time from sending one large message to its report."""
        self.stack.BurstSize = int(burst)
        return f"bulk {self.deliver(self.remote(name).uid, self.body(size))}"

    def deliver(self, uid, body):
        """Sends one message and returns the nanoseconds until it was reported as delivered."""
        delivered, failed = self.ended()
        start = time.monotonic_ns()
        self.stack.transmit(body, uid)
        self.run_until(lambda: self.ended() != (delivered, failed), "message not answered")
        elapsed = time.monotonic_ns() - start
        if self.ended()[1] != failed:
            raise Failed("message refused")
        return elapsed

    def idle(self, remotes):
        """What a service call costs with so many remotes more and nothing to do."""
        for index in range(int(remotes)):
            self.stack.addRemote(estating.RemoteEstate(stack=self.stack, name=f"idle{index}", ha=("127.0.0.1", 1)))
        times = []
        for _ in range(20):
            start = time.monotonic_ns()
            self.service()
            times.append(time.monotonic_ns() - start)
        return f"idle {int(statistics.median(times))}"

    def usage(self):
        spent = resource.getrusage(resource.RUSAGE_SELF)
        return f"usage {int((spent.ru_utime + spent.ru_stime) * 1e9)} {self.received}"

    @staticmethod
    def body(size):
        """A mapping that takes `size` bytes as JSON."""
        return odict(d="x" * (int(size) - len('{"d":""}')))

    def obey(self, line):
        """Does one command; False when it was the last."""
        words = line.split()
        command = words[0] if words else ""
        if command == "quit":
            return False
        try:
            if command not in ("endpoint", "join", "flood", "ping", "bulk", "idle", "usage"):
                raise Failed(f"no such command: {line}")
            answer = getattr(self, command)(*words[1:])
        except (Failed, TypeError, ValueError) as reason:
            answer = f"failed {reason}"
        print(answer, flush=True)
        return True

    def serve(self):
        """Services the stack and obeys commands until "quit" or the end of input."""
        while True:
            self.service()
            if 0 in self.wait(also=(0,)):
                data = os.read(0, 4096)
                if not data:
                    return
                self.commands += data
                while b"\n" in self.commands:
                    line, _, self.commands = self.commands.partition(b"\n")
                    if not self.obey(line.decode()):
                        return


def main():
    folder = tempfile.mkdtemp(prefix="raet-bench-")
    try:
        Peer(sys.argv[1], sys.argv[2] == "main", folder).serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
