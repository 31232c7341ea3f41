"""A process of an estate of the reference, with a road, a lane or both, that routes as Salt did; driven by peer_io
commands, the same as those of libraet_route.py."""

import os
import select
import sys
import traceback

from reference_peer import ReferencePeer

from raet.lane import stacking, yarding
from raet.raeting import PackKind

import bodies
from peer_io import Commands, emit

PACKS = {"json": PackKind.json.value, "msgpack": PackKind.pack.value}


class ReferenceProcess(ReferencePeer):
    """A manor, or a worker, which knows its manor's yard."""

    def do_start(self, name, port, dir, estate, lane_dir, road=True, body="json"):
        self.estate, self.yard = estate if road else None, name if not road else "manor"
        self.lane = stacking.LaneStack(name=self.yard, lanename="lane", sockdirpath=lane_dir, accept=True)
        self.lane.Pk = PACKS[body]
        if road:
            super().do_start(estate, port, dir, main=True, accept="always", body=body)
        else:
            self.do_add_yard("manor")

    def do_add_yard(self, name):
        local = self.lane.local
        self.lane.addRemote(yarding.RemoteYard(stack=self.lane, name=name, lanename=local.lanename,
                                               dirpath=local.dirpath))

    def do_route(self, to, share, ids, size, yard=None):
        """Sends to an estate, a yard and a share; `yard`: claims to be this one."""
        for ident in ids:
            route = {"src": [self.estate, yard or self.yard, share], "dst": to}
            self.place({**bodies.make(ident, size), "route": route})

    def do_status(self):
        return super().do_status() if self.stack else {"remotes": {}}

    def do_stop(self):
        self.lane.server.close()
        if self.stack:
            super().do_stop()
        self.running = False

    # Routing, as Salt 2014.7 did.

    def place(self, body):
        """Sends on what is for others; answers whether that was so."""
        estate, yard, _ = body["route"]["dst"]
        if self.stack is None:
            self.lane.transmit(body, uid=self.lane.nameRemotes["manor"].uid)
        elif estate not in (None, self.estate):
            if estate in self.stack.nameRemotes:
                self.stack.transmit(body, uid=self.stack.nameRemotes[estate].uid)
        elif yard not in (None, self.yard):
            if yard in self.lane.nameRemotes:
                self.lane.transmit(body, uid=self.lane.nameRemotes[yard].uid)
        else:
            return False
        return True

    def take(self, body, name):
        """From the road: nothing for other estates."""
        source, destination = body["route"]["src"], body["route"]["dst"]
        if source[0] is not None and destination[0] in (None, self.estate) and not self.place(body):
            self.deliver(body, name)

    def take_page(self, body, name):
        """From the lane."""
        source = body["route"]["src"]
        if self.stack is None:
            return self.deliver(body, name)
        if source[1] is None:
            return None
        if source[0] is None:
            source[0] = self.estate
        return None if self.place(body) else self.deliver(body, name)

    def deliver(self, body, name):
        route = body.pop("route")
        emit(event="message", remote=name, source=route["src"], destination=route["dst"], **bodies.report(body))

    # The loop.

    def run(self):
        commands = Commands(self)
        self.lane = None
        while self.running:
            waiting = [commands]
            if self.stack:
                self.service()
                waiting.append(self.stack.server.ss)
            if self.lane and self.running:
                self.lane.serviceReceives()
                self.lane.serviceRxes()
                while self.lane.rxMsgs:
                    self.take_page(*self.lane.rxMsgs.popleft())
                self.lane.serviceAllTx()
                waiting.append(self.lane.server.ss)
            ready, _, _ = select.select(waiting, [], [], 0.005)
            if commands in ready:
                commands.service()


if __name__ == "__main__":
    try:
        ReferenceProcess().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
