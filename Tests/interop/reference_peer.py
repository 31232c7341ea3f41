"""One estate of the reference implementation (raet 0.6.8) as a process of its own, driven by peer_io commands."""

import collections
import collections.abc
import os
import select
import sys
import time
import traceback

# raet 0.6.8 and ioflo 2.0.3 expect the names that Python 3.10 removed from collections.
for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

import warnings

warnings.simplefilter("ignore")

from ioflo.base.storing import Store
from raet.raeting import AutoMode, BodyKind, HeadKind
from raet.road import estating, keeping, stacking, transacting

import bodies
from peer_io import Commands, emit

HEADS = {"raet": HeadKind.raet.value, "json": HeadKind.json.value}
BODIES = {"json": BodyKind.json.value, "msgpack": BodyKind.msgpack.value}
AUTO = {"never": AutoMode.never.value, "once": AutoMode.once.value, "always": AutoMode.always.value}


def report_message_ends():
    """Makes the reference tell how each message transaction that it began has ended; it keeps that to itself."""
    messenger = transacting.Messenger
    messenger.interop_id, messenger.interop_outcome, messenger.interop_ended = None, None, False

    def wrap(name, outcome):
        original = getattr(messenger, name)

        def wrapper(self, *args, **kwargs):
            if name == "message" and args and args[0]:
                self.interop_id = args[0]["id"]
            before, self.interop_outcome = self.interop_outcome, outcome
            result = original(self, *args, **kwargs)
            self.interop_outcome = before
            return result

        setattr(messenger, name, wrapper)

    for name, outcome in [("message", "unallowed"), ("process", "timeout"), ("complete", "done"),
                          ("reject", "rejected"), ("nack", "stale")]:
        wrap(name, outcome)
    original_remove = messenger.remove

    def remove(self, *args, **kwargs):
        original_remove(self, *args, **kwargs)
        if not self.interop_ended:
            self.interop_ended = True
            emit(event="sent_end", id=self.interop_id, outcome=self.interop_outcome)

    messenger.remove = remove


class ReferencePeer:
    """A RoadStack in real time, with the little that an application adds: it connects again what was lost."""

    def __init__(self):
        self.stack = None
        self.presence = False
        self.wanted = {}  # address of each remote to keep connected -> its name, and when to try again
        self.known = {}
        self.backlog = []
        self.origin = time.monotonic()
        self.running = True

    def now(self):
        return time.monotonic() - self.origin

    # Commands.

    def do_start(self, name, port, dir, role=None, main=False, mutable=False, accept="never", head="raet", body="json",
                 store="json", burst=0, kind=0, presence=True, timeout=None, doubt_after=2.5):
        """`doubt_after`: seconds after which a dead remote is joined anew, since it may have lost its store."""
        stacking.RoadStack.JoinentTimeout = 5.0 if timeout is None else timeout
        stack = stacking.RoadStack(
            store=Store(stamp=0.0),
            keep=keeping.RoadKeep(dirpath=dir, stackname=name, auto=AUTO[accept], ext=store),
            name=name, role=role, main=main, mutable=mutable, kind=kind, ha=("127.0.0.1", port))
        stack.Hk, stack.Bk, stack.BurstSize = HEADS[head], BODIES[body], burst
        self.stack, self.presence, self.timeout, self.doubt_after = stack, presence, timeout, doubt_after
        self.origin = time.monotonic()
        return {"port": stack.ha[1]}

    def do_add(self, host, port, name=None):
        remote = estating.RemoteEstate(stack=self.stack, name=name or "", fuid=0, sid=0, ha=(host, port))
        self.stack.addRemote(remote)
        return {"name": remote.name}

    def do_connect(self, name):
        """Keeps a remote connected, as raet_connect() does."""
        remote = self.stack.nameRemotes[name]
        self.wanted[remote.ha] = {"name": name, "next": 0.0, "lively": self.now()}

    def do_disconnect(self, name):
        self.wanted = {address: want for address, want in self.wanted.items() if want["name"] != name}

    def do_join(self, name, timeout=None):
        self.stack.join(uid=self.stack.nameRemotes[name].uid, timeout=timeout)

    def do_allow(self, name):
        self.stack.allow(uid=self.stack.nameRemotes[name].uid)

    def do_alive(self, name):
        self.stack.alive(uid=self.stack.nameRemotes[name].uid)

    def do_send(self, to, ids, size, kind=None):
        self.backlog += [(to, ident, size) for ident in ids]

    def do_send_empty(self, to):
        self.stack.transmit({}, uid=self.stack.nameRemotes[to].uid)

    def do_set_role(self, role, acceptance):
        """Accepts or rejects a role's keys, in the stack's own folder."""
        data = self.stack.keep.loadRemoteRoleData(role)
        if data.get("acceptance") is None:
            raise KeyError(role)
        data["acceptance"] = acceptance
        self.stack.keep.dumpRemoteRoleData(data, role)

    def do_status(self):
        remotes = {}
        for remote in self.stack.remotes.values():
            remotes[remote.name] = {
                "joined": bool(remote.joined), "allowed": bool(remote.allowed), "alived": bool(remote.alived),
                "near_id": remote.nuid, "far_id": remote.fuid, "acceptance": remote.acceptance, "role": remote.role,
                "session": remote.sid, "main": bool(remote.main), "kind": remote.kind, "endpoint": "%s:%d" % remote.ha,
                "transactions": len(remote.transactions)}
        return {"name": self.stack.local.name, "remotes": remotes}

    def do_keys(self):
        local = self.stack.local
        return {"verify": local.signer.verhex.decode("ascii"), "public": local.priver.pubhex.decode("ascii")}

    def do_roles(self):
        roles = {}
        for role, data in self.stack.keep.loadAllRemoteRoleData().items():
            roles[role] = {"acceptance": data["acceptance"], "verify": data["verhex"], "public": data["pubhex"]}
        return {"roles": roles}

    def do_progress(self):
        """Messages on their way: what has arrived of each, out of how much, in segments."""
        transfers = []
        for remote in self.stack.remotes.values():
            for transaction in remote.transactions.values():
                if isinstance(transaction, transacting.Messengent):
                    segments = transaction.tray.segments
                    transfers.append({"direction": "receiving", "total": len(segments),
                                      "done": sum(1 for segment in segments if segment is not None)})
        return {"transfers": transfers}

    def do_stats(self):
        return {"stats": dict(self.stack.stats)}

    def do_stop(self):
        self.stack.server.close()
        self.running = False

    # The loop.

    def keep_connected(self):
        """What the reference leaves to its application: to join and allow again, and to doubt a dead peer's memory."""
        for address, want in self.wanted.items():
            remote = self.stack.nameRemotes.get(want["name"])
            if remote is None:
                remote = next((r for r in self.stack.remotes.values() if r.ha == address), None)
            if self.now() < want["next"]:
                continue
            if remote is None:
                # A rejected join removes the remote; an application that insists adds it again.
                remote = estating.RemoteEstate(stack=self.stack, name=want["name"], fuid=0, sid=0, ha=address)
                self.stack.addRemote(remote)
            want["name"] = remote.name
            if remote.joinInProcess() or remote.allowInProcess():
                continue
            if remote.alived is not False:
                want["lively"] = self.now()
            if not remote.joined or self.now() - want["lively"] > self.doubt_after:
                want["next"] = self.now() + 1.0
                self.stack.join(uid=remote.uid, timeout=self.timeout)
            elif not remote.allowed:
                want["next"] = self.now() + 0.3
                self.stack.allow(uid=remote.uid)

    def send_backlog(self):
        """Hands on what can pass now; the reference drops what is sent to a remote that is not allowed."""
        for entry in self.backlog[:]:
            remote = self.stack.nameRemotes.get(entry[0])
            if remote and remote.allowed:
                self.stack.transmit(bodies.make(*entry[1:]), uid=remote.uid)
                self.backlog.remove(entry)

    def report_states(self):
        """Reports each change of a remote as an event."""
        current = {}
        for remote in self.stack.remotes.values():
            current[remote.name] = {"joined": bool(remote.joined), "allowed": bool(remote.allowed),
                                    "alived": remote.alived}
        for name, state in current.items():
            before = self.known.get(name, {})
            for key, value in state.items():
                if value != before.get(key):
                    emit(event="state", remote=name, key=key, value=value)
        self.known = current

    def take(self, body, name):
        """Reports a message."""
        if isinstance(body, bytes):
            body = bodies.decode(body, "raw")
        emit(event="message", remote=name, **bodies.report(body))

    def service(self):
        stack = self.stack
        stack.store.stamp = self.now()
        received = len(stack.rxes)
        stack.serviceReceives()
        busy = len(stack.rxes) > received
        stack.serviceRxes()
        stack.process()
        # Reported before the answers are sent, so that a kill never hides a message that was acknowledged.
        while stack.rxMsgs:
            self.take(*stack.rxMsgs.popleft())
        self.keep_connected()
        if self.presence:
            stack.manage()
        self.send_backlog()
        stack.serviceAllTx()
        self.report_states()
        return busy

    def run(self):
        commands = Commands(self)
        while self.running:
            busy = self.service() if self.stack else False
            waiting = [commands] + ([self.stack.server.ss] if self.stack else [])
            ready, _, _ = select.select(waiting, [], [], 0 if busy else 0.02)
            if commands in ready:
                commands.service()


if __name__ == "__main__":
    report_message_ends()
    try:
        ReferencePeer().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
