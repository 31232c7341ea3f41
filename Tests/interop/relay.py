"""A bad network between two peers: a UDP relay that loses, repeats and delays, from a seed."""

import heapq
import random
import select
import socket
import threading
import time


class Relay:
    """Carries datagrams between senders to its port and one target, where each sender gets a port of its own."""

    def __init__(self, target_port, seed=0, loss=0.0, repeat=0.0, delay=0.0, drop=None):
        """`drop(to_target, number, datagram)` may lose chosen ones; `number` counts from 1 in each direction."""
        self.target = ("127.0.0.1", target_port)
        self.random = random.Random(seed)
        self.loss, self.repeat, self.delay, self.drop = loss, repeat, delay, drop
        self.numbers = {True: 0, False: 0}
        self.front = self.socket()
        self.port = self.front.getsockname()[1]
        self.backs = {}  # address of a sender -> the socket by which the target knows it
        self.waiting = []  # (when, number, socket, datagram, address)
        self.carried, self.lost = 0, 0
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
            timeout = 0.05
            if self.waiting:
                timeout = min(timeout, max(0.0, self.waiting[0][0] - time.monotonic()))
            ready, _, _ = select.select([self.front, *self.backs.values()], [], [], timeout)
            for source in ready:
                self.take(source)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, out, datagram, address = heapq.heappop(self.waiting)
                out.sendto(datagram, address)

    def take(self, source):
        """Takes what has come to one socket and decides on each datagram."""
        for _ in range(64):
            try:
                datagram, address = source.recvfrom(65536)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if source is self.front:
                out, to = self.backs.setdefault(address, None) or self.back(address), self.target
            else:
                out, to = self.front, next(sender for sender, back in self.backs.items() if back is source)
            to_target = source is self.front
            self.numbers[to_target] += 1
            if self.drop and self.drop(to_target, self.numbers[to_target], datagram):
                self.lost += 1
                continue
            for _ in range(2 if self.random.random() < self.repeat else 1):
                self.carried += 1
                if self.random.random() < self.loss:
                    self.lost += 1
                    continue
                due = time.monotonic() + self.random.random() * self.delay
                heapq.heappush(self.waiting, (due, self.carried, out, datagram, to))

    def back(self, address):
        self.backs[address] = self.socket()
        return self.backs[address]
