"""A road with a loop that blocks: what most programs use."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Iterator
from typing import Callable, Optional, TypeVar, Union

from ._abi import lib
from ._address import EndpointLike
from ._handle import nanoseconds, now
from ._stack import Stack
from .enums import Acceptance, Status
from .errors import NotFound, QueueFull, error_for
from .events import Event
from .remote import Remote

_Self = TypeVar("_Self", bound="Road")

#: How long messages under way have to end when a ``with`` block is left, in seconds.
LINGER = 1.0
#: What select() can watch.
_SELECT_LIMIT = 1024
#: Joins and allows that end so will not succeed later by themselves.
_FINAL = (Status.EREJECTED, Status.ECANCELED, Status.ECLOSED, Status.ESTORE, Status.EINVAL)


class Road(Stack):
    """An estate on a road: sends messages to other estates, and receives theirs.

        with libraet.Road("alpha", endpoint="127.0.0.1:7531", directory="/var/lib/alpha") as road:
            peer = road.connect("127.0.0.1:7530")
            peer.send({"hello": "world"}).wait()
            for event in road.events(timeout=5):
                print(event)

    A road lives only while one of the methods that service it runs: ``events()``, ``next_event()``, ``service()``,
    ``connect()``, ``wait()`` of what was started, ``wait_until()``, ``close()``. What comes in the meantime is kept for
    ``events()``. One thread at a time may use a road.

    Settings, all optional except that a road whose directory or store does not know its name must be given one:

    name: of the estate, unique on the road.
    endpoint: where it listens: "0.0.0.0:7530" (default), "[::]:7530"; port 0 lets the system choose.
    directory: folder that keeps keys and remotes; or `store`: a mutable mapping for the same. Without either, nothing
        is kept over a restart.
    main: True for a main estate, which others may join.
    accept: whose keys are accepted without a person: "never" (they wait for ``accept()``), "once" or "always".
    mutable: True lets known remotes change name, role or keys.
    role: the role whose keys it has; its name unless given.
    kind: the application's own number for the estate, 0..255.
    keys: the secret keys, as `SecretKeys`; or `sign_seed` and `private`, 32 bytes each. Stored or made unless given.
    body_kind: "json" (default) or "msgpack": how mappings are encoded. head_kind: "raet" (default) or "json".
    store_kind: "json" (default) or "msgpack": form of new files.
    message_timeout: seconds after which a message fails; 300 unless given.
    period, offset: seconds between heartbeats, and what estates that are not main add. period 0: no heartbeats.
    interim: seconds after which a main estate gives up a dead remote.
    max_message, send_queue (per remote), receive_queue, socket_buffer: limits in bytes.
    max_remotes, max_pending: limits in number. window: most datagrams under way to a remote.
    sign, encrypt, accept_unsigned, accept_clear: for laboratories.
    fd: an open UDP socket to use in place of opening one; the road closes it.
    logger, log_level: where the library's log goes; the logger "libraet" and what it lets pass unless given.
    """

    # Servicing

    def service(self, timeout: Optional[float] = 0.0) -> int:
        """Waits until there is something to do, for at most `timeout` seconds (None: without a limit), and does it
        once. Returns how many events ``events(0)`` has; when there are some already, it does not wait."""
        if not self._inbox:
            self._sleep(timeout)
        self._pump()
        return len(self._inbox)

    def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came within `timeout` seconds, or when the road is closed."""
        self.wait_until(lambda: bool(self._inbox), timeout)
        return self._next()

    def events(self, timeout: Optional[float] = None) -> Iterator[Event]:
        """Events as they happen. Ends when `timeout` seconds have passed since it began (0: gives only what is there
        now), and when the road is closed; None: only then."""
        limit = None if timeout is None else now() + nanoseconds(timeout)
        while True:
            event = self.next_event(None if limit is None else max(0, limit - now()) / 1e9)
            if event is None:
                return
            yield event

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services the road until `condition()` is true; False when `timeout` seconds passed first, or it is closed.

        `QueueFull` when `receive_queue` bytes wait in ``events()``: nothing more is received until they are taken.
        """
        limit = math.inf if timeout is None else now() + nanoseconds(timeout)
        if condition():
            return True
        while not self.closed:
            self._pump()
            if condition():
                return True
            left = limit - now()
            if left <= 0:
                return False
            if self._inbox_bytes >= self._inbox_limit:
                raise QueueFull(Status.EAGAIN, "received messages fill the queue: take events first")
            self._sleep(None if math.isinf(left) else left / 1e9)
        return condition()

    def _sleep(self, timeout: Optional[float]) -> None:
        """Waits until the descriptor is ready, service is due, or `timeout` seconds have passed."""
        due = self.due
        if due is not None:
            timeout = due if timeout is None else min(due, timeout)
        if timeout is not None and timeout <= 0:
            return
        descriptor = self.fileno()
        if descriptor < 0:  # closing: the socket is gone before the last events
            time.sleep(0.01 if timeout is None else timeout)
        elif descriptor < _SELECT_LIMIT:  # poll() knows milliseconds only: too coarse for pacing
            wanted = [descriptor]
            select.select(wanted, wanted if self.wants_write else [], [], timeout)
        else:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if self.wants_write else 0))
            poll.poll(None if timeout is None else math.ceil(timeout * 1000))

    # Connecting

    def connect(
        self,
        remote: Union[Remote, EndpointLike],
        name: Optional[str] = None,
        timeout: Optional[float] = 10.0,
        wait: bool = True,
    ) -> Remote:
        """Connects to a remote, or to the estate at an endpoint, keeps it so, and waits until messages can pass.

        When they cannot after `timeout` seconds, the exception tells why: `Pending` (a person has to accept keys,
        here or at the other side: `detail` tells where), `Refused`, `TimedOut` (no answer); `Rejected` comes at once.
        Its `remote` is the remote, and the road goes on trying until ``remote.disconnect()``. With ``wait=False``,
        events tell how it goes.

        Names of hosts are looked up, which may block. `name`, if given, is what the remote must be called; `Exists`: it
        is known at another endpoint.
        """
        if not isinstance(remote, Remote):
            remote = self._remote_at(remote, name)
        remote.connect()
        if wait:
            self.wait_allowed(remote, timeout)
        return remote

    def wait_allowed(self, remote: Remote, timeout: Optional[float] = 10.0) -> None:
        """Waits until messages can pass to a remote that is being connected; exceptions as of ``connect()``."""

        def decided() -> bool:
            return remote.allowed or remote.last_status in _FINAL

        try:
            self.wait_until(decided, timeout)
            if remote.allowed:
                return
        except NotFound as gone:
            gone.remote = remote
            raise
        status = remote.last_status or Status.ETIMEDOUT
        raise error_for(status, self._reason(status, remote), remote)

    def _reason(self, status: Status, remote: Remote) -> str:
        """What to tell about a remote that is not connected."""
        if status != Status.EPENDING:
            return f"not connected to {remote.label}"
        if self.roles().get(remote.role) == Acceptance.PENDING:
            return f"this road has not accepted the keys of role {remote.role!r}"
        return f"{remote.label} has not accepted the keys of role {self.role!r}"

    # Ending

    def close(self, linger: float = LINGER) -> None:
        """Closes the road. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. The last events can still be taken afterwards. Closing twice does nothing."""
        if self.closed:
            return
        try:
            self._closing = True
            self._inbox_limit = 2**63  # the last events are bounded by the library, and nothing more comes
            period = nanoseconds(linger)
            self._call(lib.raet_stack_close, now(), period)
            limit = now() + period + 1_000_000_000
            while not self._ended:
                self._pump()
                left = limit - now()
                if self._ended or left <= 0:
                    break
                self._sleep(left / 1e9)
        finally:
            self._free()
            self._abandon()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(LINGER if kind is None else 0.0)
