"""A bad network between two peers: a UDP relay that drops, doubles, delays and reorders datagrams, from a seed."""

import collections
import dataclasses
import heapq
import random
import select
import socket
import threading
import time


@dataclasses.dataclass(frozen=True)
class Faults:
    """What may happen to a datagram: shares of 1, each drawn by itself. Delays are in seconds."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0
    longest_delay: float = 0.1
    # How many of those that come later may overtake one that is reordered, and for how long it waits for them.
    overtakers: int = 8
    longest_wait: float = 0.05


class Direction:
    """The datagrams that go one way, with the dice thrown for them. Copies are numbered as they come."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.came = 0  # datagrams
        self.copies = 0  # of them, those not lost at once
        self.newest = 0  # the highest number of a copy that went on
        self.timed = []  # heap of (when, number, copy): those that wait for their time
        self.held = []  # (number that lets it go, number, when at the latest, copy): those to be overtaken


class Relay:
    """Carries datagrams between senders to its port and one target, where each sender gets a port of its own.

    `counts` tells what happened: carried, dropped, doubled, delayed, and reordered: those that left after one which
    had come later.
    """

    def __init__(self, target_port, seed=0, faults=Faults(), drop=None):
        """`drop(to_target, number, datagram)` may lose chosen ones; `number` counts from 1 in each direction."""
        self.target = ("127.0.0.1", target_port)
        self.faults, self.drop = faults, drop
        self.directions = {to_target: Direction(f"{seed} {to_target}") for to_target in (True, False)}
        self.counts = collections.Counter()
        self.front = self.socket()
        self.port = self.front.getsockname()[1]
        self.backs = {}  # address of a sender -> the socket by which the target knows it
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def socket():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        return made

    def close(self):
        self.running = False
        self.thread.join()
        for one in [self.front, *self.backs.values()]:
            one.close()

    def run(self):
        while self.running:
            due = [one.timed[0][0] for one in self.directions.values() if one.timed]
            due += [entry[2] for one in self.directions.values() for entry in one.held]
            timeout = min([0.05] + [max(0.0, when - time.monotonic()) for when in due])
            ready, _, _ = select.select([self.front, *self.backs.values()], [], [], timeout)
            for source in ready:
                self.take(source)
            for direction in self.directions.values():
                self.let_go(direction)

    def take(self, source):
        """Takes what has come to one socket and decides on each datagram."""
        to_target = source is self.front
        direction = self.directions[to_target]
        for _ in range(64):
            try:
                datagram, address = source.recvfrom(65536)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if to_target:
                out, to = self.backs.setdefault(address, None) or self.back(address), self.target
            else:
                out, to = self.front, next(sender for sender, back in self.backs.items() if back is source)
            direction.came += 1
            if self.drop and self.drop(to_target, direction.came, datagram):
                self.counts["dropped"] += 1
                continue
            doubled = direction.random.random() < self.faults.double
            self.counts["doubled"] += doubled
            for _ in range(1 + doubled):
                self.carry(direction, (out, datagram, to))

    def carry(self, direction, copy):
        """Throws the dice for one copy: it goes on at once, later, or never."""
        faults, dice = self.faults, direction.random
        if dice.random() < faults.drop:
            self.counts["dropped"] += 1
            return
        direction.copies += 1
        number = direction.copies
        when = time.monotonic()
        if dice.random() < faults.delay:
            self.counts["delayed"] += 1
            when += dice.random() * faults.longest_delay
        if dice.random() < faults.reorder:
            after = number + dice.randint(1, faults.overtakers)
            direction.held.append((after, number, when + faults.longest_wait, copy))
        else:
            heapq.heappush(direction.timed, (when, number, copy))

    def let_go(self, direction):
        """Sends what is due."""
        now = time.monotonic()
        while direction.timed and direction.timed[0][0] <= now:
            _, number, copy = heapq.heappop(direction.timed)
            self.send(direction, number, copy)
        free = [entry for entry in direction.held if entry[0] <= direction.newest or entry[2] <= now]
        direction.held = [entry for entry in direction.held if entry not in free]
        for _, number, _, copy in sorted(free):
            self.send(direction, number, copy)

    def send(self, direction, number, copy):
        self.counts["carried"] += 1
        self.counts["reordered"] += number < direction.newest
        direction.newest = max(direction.newest, number)
        out, datagram, address = copy
        out.sendto(datagram, address)

    def back(self, address):
        self.backs[address] = self.socket()
        return self.backs[address]
