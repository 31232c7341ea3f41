"""One yard of the reference implementation (raet 0.6.8) as a process of its own, driven by peer_io commands."""

import collections
import collections.abc
import os
import select
import sys
import traceback

# raet 0.6.8 and ioflo 2.0.3 expect the names that Python 3.10 removed from collections.
for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

import warnings

warnings.simplefilter("ignore")

from raet.lane import stacking, yarding
from raet.raeting import PackKind

import bodies
from peer_io import Commands, emit

PACKS = {"json": PackKind.json.value, "msgpack": PackKind.pack.value}


class ReferenceYard:
    """A LaneStack in real time."""

    def __init__(self):
        self.stack = None
        self.running = True
        self.under_way = collections.deque()  # what was sent and has not left yet: id, receiver's socket
        self.known = set()

    # Commands.

    def do_start(self, name, lane, dir, body="json", strangers=True):
        stack = stacking.LaneStack(name=name, lanename=lane, sockdirpath=dir, accept=strangers)
        stack.Pk = PACKS[body]
        self.stack = stack

    def do_add(self, name):
        stack = self.stack
        stack.addRemote(yarding.RemoteYard(stack=stack, name=name, lanename=stack.local.lanename,
                                           dirpath=stack.local.dirpath))

    def do_send(self, to, ids, size, kind=None):
        remote = self.stack.nameRemotes[to]
        for ident in ids:
            self.stack.transmit(bodies.make(ident, size), uid=remote.uid)
            self.under_way.append((ident, remote.ha))

    def do_send_empty(self, to):
        self.stack.transmit({}, uid=self.stack.nameRemotes[to].uid)

    def do_rename(self, name):
        """From now on it claims to be another yard."""
        self.stack.local.name = name

    def do_status(self):
        return {"name": self.stack.local.name, "remotes": {name: {} for name in self.stack.nameRemotes}}

    def do_stats(self):
        return {"stats": dict(self.stack.stats)}

    def do_stop(self):
        self.stack.server.close()
        self.running = False

    # The loop.

    def service(self):
        stack = self.stack
        stack.serviceReceives()
        busy = bool(stack.rxes)
        stack.serviceRxes()
        while stack.rxMsgs:
            body, name = stack.rxMsgs.popleft()
            emit(event="message", remote=name, **bodies.report(body))
        stack.serviceAllTx()
        waiting = {address for _, address in stack.txes}
        while self.under_way and self.under_way[0][1] not in waiting:
            emit(event="sent_end", id=self.under_way.popleft()[0], outcome="left")
        for name in set(stack.nameRemotes) ^ self.known:
            emit(event="remote_added" if name in stack.nameRemotes else "remote_gone", remote=name)
        self.known = set(stack.nameRemotes)
        return busy

    def run(self):
        commands = Commands(self)
        while self.running:
            busy = self.service() if self.stack else False
            waiting = [commands] + ([self.stack.server.ss] if self.stack else [])
            # What a full queue kept back is tried again soon.
            pause = 0.002 if self.stack and self.stack.txes else 0.02
            ready, _, _ = select.select(waiting, [], [], 0 if busy else pause)
            if commands in ready:
                commands.service()


if __name__ == "__main__":
    try:
        ReferenceYard().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
