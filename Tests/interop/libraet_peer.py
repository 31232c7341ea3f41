"""One estate of libraet as a process of its own, driven by peer_io commands: the mate of reference_peer.py."""

import ctypes
import os
import select
import sys
import traceback

import bodies
from peer_io import Commands, emit
from raet_abi import C, EVENT_NAMES, Event, Library, NEVER, Raet, STATUS_NAMES, u32, u64

HEADS = {"raet": C["RAET_HEAD_RAET"], "json": C["RAET_HEAD_JSON"]}
BODIES = {"json": C["RAET_BODY_JSON"], "msgpack": C["RAET_BODY_MSGPACK"], "raw": C["RAET_BODY_RAW"]}
BODY_NAMES = {value: name for name, value in BODIES.items()}
ACCEPT = {"never": C["RAET_ACCEPT_NEVER"], "once": C["RAET_ACCEPT_ONCE"], "always": C["RAET_ACCEPT_ALWAYS"]}
DIRECTIONS = {C["RAET_SENDING"]: "sending", C["RAET_RECEIVING"]: "receiving"}
PROPERTIES = {"joined": "JOINED", "allowed": "ALLOWED", "alived": "ALIVED", "near_id": "NEAR_ID", "far_id": "FAR_ID",
              "acceptance": "ACCEPTANCE", "session": "SESSION", "main": "MAIN", "kind": "KIND"}
# Events of a remote or a role that pass on as they are.
PLAIN = {"joined", "allowed", "alive", "dead", "reaped", "key_pending", "key_changed", "remote_added", "remote_gone",
         "error", "closed", "writable"}


class LibraetPeer:
    """A stack on its own socket, in the loop that raet.h describes."""

    def __init__(self):
        self.raet = Library()
        self.stack = None
        self.running = True
        self.names = {}
        self.tags = {}
        self.last_tag = 0
        self.backlog = []
        self.default_kind = None

    def now(self):
        return self.raet.now()

    def find(self, name):
        remote = u64()
        self.raet.remote_find(self.stack, name.encode("utf-8"), ctypes.byref(remote))
        return remote.value

    def number(self, remote, key):
        value = u64()
        self.raet.remote_get_u64(self.stack, remote, C["RAET_KEY_" + key], ctypes.byref(value))
        return value.value

    def remotes(self):
        remote = u64(0)
        while self.raet.remote_next(self.stack, remote.value, ctypes.byref(remote), allow=["RAET_ENOTFOUND"]) == 0:
            yield remote.value

    def remote_text(self, remote, key):
        return self.raet.read_text(self.raet.remote_get_str, self.stack, remote, C["RAET_KEY_" + key])

    # Commands.

    def do_start(self, name, port, dir, role=None, main=False, mutable=False, accept="never", head="raet", body="json",
                 store="json", burst=0, kind=0, presence=True, timeout=None):
        raet, config, stack = self.raet, ctypes.c_void_p(), ctypes.c_void_p()
        raet.config_new(C["RAET_KIND_ROAD"], ctypes.byref(config))
        texts = {"NAME": name, "ENDPOINT": f"127.0.0.1:{port}", "DIR": dir}
        if role:
            texts["ROLE"] = role
        for key, value in texts.items():
            raet.config_set_str(config, C["RAET_KEY_" + key], value.encode("utf-8"))
        numbers = {"MAIN": main, "MUTABLE": mutable, "ACCEPT": ACCEPT[accept], "HEAD_KIND": HEADS[head], "KIND": kind,
                   "BODY_KIND": BODIES[body], "STORE_KIND": BODIES[store]}
        if not presence:
            numbers["PERIOD_NS"] = 0
        for key, value in numbers.items():
            raet.config_set_u64(config, C["RAET_KEY_" + key], int(value))
        raet.stack_new(config, self.now(), ctypes.byref(stack))
        raet.config_free(config)
        raet.stack_open(stack, self.now())
        self.stack, self.default_kind = stack, body
        endpoint = raet.read_text(raet.stack_get_str, stack, C["RAET_KEY_ENDPOINT"])
        return {"port": int(endpoint.rpartition(":")[2])}

    def do_add(self, host, port, name=None):
        remote = u64()
        self.raet.remote_add(self.stack, name.encode("utf-8") if name else None, f"{host}:{port}".encode("ascii"),
                             ctypes.byref(remote))
        self.names[remote.value] = name or ""
        return {"name": self.remote_text(remote.value, "NAME") if name else f"#{remote.value}"}

    def handle(self, name):
        return int(name[1:]) if name.startswith("#") else self.find(name)

    def do_connect(self, name):
        self.raet.connect(self.stack, self.handle(name), self.now())

    def do_disconnect(self, name):
        self.raet.disconnect(self.stack, self.handle(name), self.now())

    def do_join(self, name, timeout=None):
        limit = 0 if timeout is None else int(timeout * 1e9) or NEVER
        self.raet.join(self.stack, self.handle(name), self.now(), limit, None)

    def do_allow(self, name):
        self.raet.allow(self.stack, self.handle(name), self.now(), 0, None)

    def do_alive(self, name):
        self.raet.alive(self.stack, self.handle(name), self.now(), 0, None)

    def do_send(self, to, ids, size, kind=None):
        kind = kind or self.default_kind
        self.backlog += [(self.handle(to), ident, size, kind) for ident in ids]
        self.send_backlog()

    def send_backlog(self):
        """Sends what it can; the rest waits for RAET_EV_WRITABLE."""
        while self.backlog:
            remote, ident, size, kind = self.backlog[0]
            raw = bodies.encode(bodies.make(ident, size), kind)
            tag = self.last_tag + 1
            status = self.raet.send(self.stack, remote, self.now(), BODIES[kind], raw, len(raw), 0, tag, None,
                                    allow=["RAET_EAGAIN"])
            if status != 0:
                return
            self.last_tag = tag
            self.tags[tag] = ident
            self.backlog.pop(0)

    def do_send_empty(self, to):
        """The empty mapping, which has no bytes."""
        self.raet.send(self.stack, self.handle(to), self.now(), BODIES[self.default_kind], None, 0, 0, 0, None)

    def do_set_role(self, role, acceptance):
        self.raet.role_set_status(self.stack, role.encode("utf-8"), acceptance, self.now())

    def do_status(self):
        remotes = {}
        for remote in self.remotes():
            known = {key: self.number(remote, name) for key, name in PROPERTIES.items()}
            for key in ("joined", "allowed", "alived", "main"):
                known[key] = bool(known[key])
            known.update(role=self.remote_text(remote, "ROLE"), endpoint=self.remote_text(remote, "ENDPOINT"))
            remotes[self.remote_text(remote, "NAME") or f"#{remote}"] = known
        name = self.raet.read_text(self.raet.stack_get_str, self.stack, C["RAET_KEY_NAME"])
        return {"name": name, "remotes": remotes}

    def do_keys(self):
        verify, public = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
        self.raet.stack_keys(self.stack, verify, public)
        return {"verify": verify.raw.hex(), "public": public.raw.hex()}

    def do_roles(self):
        roles, role = {}, ""
        while True:
            try:
                role = self.raet.read_text(self.raet.role_next, self.stack, role.encode("utf-8"))
            except Raet as error:
                if error.status != "RAET_ENOTFOUND":
                    raise
                return {"roles": roles}
            acceptance, name = u32(), role.encode("utf-8")
            verify, public = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
            self.raet.role_status(self.stack, name, ctypes.byref(acceptance))
            self.raet.role_keys(self.stack, name, verify, public)
            roles[role] = {"acceptance": acceptance.value, "verify": verify.raw.hex(), "public": public.raw.hex()}

    def do_progress(self):
        transfers, txn = [], u64(0)
        while self.raet.transfer_next(self.stack, txn.value, ctypes.byref(txn), allow=["RAET_ENOTFOUND"]) == 0:
            remote, direction, done, total = u64(), u32(), u64(), u64()
            self.raet.transfer_progress(self.stack, txn.value, ctypes.byref(remote), ctypes.byref(direction),
                                        ctypes.byref(done), ctypes.byref(total))
            transfers.append({"direction": DIRECTIONS[direction.value], "done": done.value, "total": total.value})
        return {"transfers": transfers}

    def do_stats(self):
        stats, index = {}, 0
        while True:
            name, value = ctypes.c_char_p(), u64()
            if self.raet.stat_at(self.stack, index, ctypes.byref(name), ctypes.byref(value), allow=["RAET_ENOTFOUND"]):
                return {"stats": stats}
            stats[name.value.decode("ascii")] = value.value
            index += 1

    def do_stop(self):
        """Closes as a host should: what is under way has a second to end."""
        self.raet.stack_close(self.stack, self.now(), 1_000_000_000)

    # The loop.

    def take_events(self):
        event = ctypes.POINTER(Event)()
        while self.raet.stack_next_event(self.stack, ctypes.byref(event), allow=["RAET_EAGAIN"]) == 0:
            self.take(event.contents)

    def take(self, event):
        kind = EVENT_NAMES.get(event.type, str(event.type))
        status = STATUS_NAMES.get(event.status, str(event.status))
        name = event.name.decode("utf-8") if event.name else None
        if kind == "message":
            raw = ctypes.string_at(event.body, event.body_len) if event.body_len else b""
            encoding = BODY_NAMES[event.body_kind]
            body = bodies.decode(raw, encoding)
            # The reference writes a mapping in one way only, so the very bytes must be those.
            emit(event="message", remote=name or self.remote_text(event.remote, "NAME"), kind=encoding,
                 same_bytes=raw == bodies.encode(body, encoding), pid=event.pid, **bodies.report(body))
        elif kind in ("delivered", "failed"):
            emit(event="sent_end", id=self.tags.get(event.tag), outcome=kind, status=status)
        elif kind in PLAIN:
            emit(event=kind, remote=name, status=status, os_errno=event.os_errno)
            if kind == "writable":
                self.send_backlog()
            elif kind == "closed":
                self.running = False
        else:
            emit(event=kind, status=status)

    def run(self):
        commands, raet = Commands(self), self.raet
        while self.running:
            waiting, writing, timeout = [commands], [], None
            if self.stack:
                interest, deadline = raet.stack_interest(self.stack), raet.stack_deadline(self.stack)
                descriptor = raet.stack_fd(self.stack)
                waiting += [descriptor] if interest & C["RAET_WANT_READ"] and descriptor >= 0 else []
                writing += [descriptor] if interest & C["RAET_WANT_WRITE"] and descriptor >= 0 else []
                timeout = None if deadline == NEVER else min(max(0, deadline - self.now()) / 1e9, 3600)
            ready, _, _ = select.select(waiting, writing, [], timeout)
            if commands in ready:
                commands.service()
            if self.stack:
                raet.stack_service(self.stack, self.now(), 0, allow=["RAET_ECLOSED"])
                self.take_events()
        raet.stack_free(self.stack)


if __name__ == "__main__":
    try:
        LibraetPeer().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
