"""A road with a loop that blocks: what most programs use."""

from __future__ import annotations

from typing import Optional, Union

from ._address import EndpointLike
from ._loop import LINGER, Loop
from ._stack import Stack
from .enums import Acceptance, Status
from .errors import NotFound, error_for
from .remote import Remote

__all__ = ["LINGER", "Road"]

#: Joins and allows that end so will not succeed later by themselves.
_FINAL = (Status.EREJECTED, Status.ECANCELED, Status.ECLOSED, Status.ESTORE, Status.EINVAL)


class Road(Loop, Stack):
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
    fd: an open UDP socket to use in place of opening one: a ``socket.socket``, which is detached, or its number
        (``sock.detach()``). The road owns it then, and closes it; when it cannot be made, it is still the program's.
    logger, log_level: where the library's log goes; the logger "libraet" and what it lets pass unless given.
    """

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
        if wait:
            self._require_wait()
        if not isinstance(remote, Remote):
            remote = self._remote_at(remote, name)
        remote.connect()
        if wait:
            self.wait_allowed(remote, timeout)
        return remote

    def wait_allowed(self, remote: Remote, timeout: Optional[float] = 10.0) -> None:
        """Waits until messages can pass to a remote that is being connected; exceptions as of ``connect()``."""
        self.wait_until(lambda: self._is_decided(remote), timeout)
        self._require_allowed(remote)

    def _is_decided(self, remote: Remote) -> bool:
        """True when messages can pass to a remote, or it is certain that they will not."""
        try:
            return remote.allowed or remote.last_status in _FINAL
        except NotFound:
            return True

    def _require_allowed(self, remote: Remote) -> None:
        """Raises what tells why messages cannot pass to a remote, if they cannot."""
        try:
            if remote.allowed:
                return
        except NotFound as gone:
            gone.remote = remote
            raise
        status = remote.last_status or self._former_outcomes.get(remote.id) or Status.ETIMEDOUT
        raise error_for(status, self._reason(status, remote), remote)

    def _reason(self, status: Status, remote: Remote) -> str:
        """What to tell about a remote that is not connected."""
        if status != Status.EPENDING:
            return f"not connected to {remote.label}"
        if self.roles().get(remote.role) == Acceptance.PENDING:
            return f"this road has not accepted the keys of role {remote.role!r}"
        return f"{remote.label} has not accepted the keys of role {self.role!r}"
