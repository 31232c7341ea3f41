"""A remote: another estate, as seen from a road."""

from __future__ import annotations

from ctypes import byref, c_uint64
from typing import TYPE_CHECKING, Any, Optional

from . import _abi, _bodies
from ._abi import lib
from ._address import EndpointLike, family_of, resolve
from ._handle import c_string, now, time_limit
from ._roles import role_keys
from .enums import Acceptance, Status
from .errors import RaetError
from .keys import PublicKeys
from .transactions import Delivery, Transaction

if TYPE_CHECKING:
    from ._core import Core


class Remote:
    """Another estate. Roads give them; a road has one object for each as long as it is held anywhere.

    Every property is asked of the library at that moment; `NotFound` when the remote was removed, `Closed` when the
    road is closed.
    """

    def __init__(self, stack: Core, number: int) -> None:
        self._stack = stack
        #: The library's number for it; never used again for another.
        self.id = number

    def _number(self, key: int) -> int:
        return self._stack._u64(lib.raet_remote_get_u64, self.id, key)

    def _string(self, key: int) -> str:
        return self._stack._text(lib.raet_remote_get_str, self.id, key)

    # What it is

    @property
    def name(self) -> str:
        """Its name on the road; "" before it is known."""
        return self._string(_abi.KEY_NAME)

    @property
    def role(self) -> str:
        """The role whose keys it has."""
        return self._string(_abi.KEY_ROLE)

    @property
    def endpoint(self) -> str:
        """Its address, as "127.0.0.1:7530"."""
        return self._string(_abi.KEY_ENDPOINT)

    @property
    def main(self) -> bool:
        """True for a main estate."""
        return self._number(_abi.KEY_MAIN) != 0

    @property
    def kind(self) -> int:
        """The application's own number for it, 0..255."""
        return self._number(_abi.KEY_KIND)

    @property
    def keys(self) -> PublicKeys:
        """The public keys of its role."""
        return role_keys(self._stack, self.role)

    # How it is

    @property
    def joined(self) -> bool:
        """True when long-term keys are exchanged and accepted."""
        return self._number(_abi.KEY_JOINED) != 0

    @property
    def allowed(self) -> bool:
        """True when messages can pass."""
        return self._number(_abi.KEY_ALLOWED) != 0

    @property
    def alive(self) -> bool:
        """True when it was heard of lately."""
        return self._number(_abi.KEY_ALIVED) != 0

    @property
    def reaped(self) -> bool:
        """True when it was dead for so long that no heartbeats are sent any more."""
        return self._number(_abi.KEY_REAPED) != 0

    @property
    def acceptance(self) -> Acceptance:
        """Whether its keys are accepted here."""
        return Acceptance(self._number(_abi.KEY_ACCEPTANCE))

    @property
    def rtt(self) -> float:
        """Round-trip time in seconds, smoothed; 0 before the first measure."""
        return self._number(_abi.KEY_RTT_NS) / 1e9

    @property
    def queued(self) -> int:
        """Bytes of messages that wait or are under way."""
        return self._number(_abi.KEY_QUEUED)

    @property
    def capacity(self) -> int:
        """Bytes that ``send()`` would take now."""
        return self._stack._u64(lib.raet_send_capacity, self.id)

    @property
    def in_flight(self) -> int:
        """Datagrams of messages that are sent and not yet answered."""
        return self._number(_abi.KEY_IN_FLIGHT)

    @property
    def near_id(self) -> int:
        """The number of this remote here, on the wire."""
        return self._number(_abi.KEY_NEAR_ID)

    @property
    def far_id(self) -> int:
        """The number of this road's estate there, on the wire; 0 before it is joined."""
        return self._number(_abi.KEY_FAR_ID)

    @property
    def session(self) -> int:
        """Number of the present session, as this side counts."""
        return self._number(_abi.KEY_SESSION)

    @property
    def last_status(self) -> Optional[Status]:
        """How the last join or allow ended, such as EPENDING; None before the first one since ``connect()`` or
        ``disconnect()``. One that is tried again and ends as before is not told again."""
        return self._stack._outcomes.get(self.id)

    # What it is asked

    def send(
        self,
        body: _bodies.Body,
        kind: Optional[_bodies.KindLike] = None,
        timeout: Optional[float] = None,
        tag: Any = None,
    ) -> Delivery:
        """Sends a message: it is queued here until the remote is allowed, and goes out when the road is serviced.

        body: a mapping, encoded as the road's `body_kind` (JSON unless set otherwise); or bytes, sent raw.
        kind: "json", "msgpack" or "raw" for this one; bytes are then taken as encoded already.
        timeout: seconds after which it fails; None for the road's `message_timeout`, ``math.inf`` for no limit.
        tag: anything; events of this message have it.

        `QueueFull`: no room now, an event WRITABLE comes when there is. `MessageTooLarge`, `BodyInvalid`, `Closed`.
        """
        chosen, raw = _bodies.encode(body, kind, self._stack.body_kind)
        txn = c_uint64()
        limit = time_limit(timeout)
        self._stack._change(lib.raet_send, self.id, now(), chosen, raw, len(raw), limit, 0, byref(txn))
        return self._stack._watch(Delivery(self._stack, self, txn.value, len(raw), tag))

    def connect(self) -> None:
        """Connects and keeps it so: joins, allows, sends heartbeats, and tries again until ``disconnect()``. Events
        tell how it goes. ``Road.connect()`` does this and waits."""
        self._stack._change(lib.raet_connect, self.id, now())
        outcome = self._stack._outcomes.pop(self.id, None)
        if outcome is not None:
            self._stack._former_outcomes[self.id] = outcome

    def disconnect(self) -> None:
        """Stops keeping the connection: no heartbeats, no new attempts. What is known of the remote stays."""
        self._stack._change(lib.raet_disconnect, self.id, now())
        self._stack._outcomes.pop(self.id, None)
        self._stack._former_outcomes.pop(self.id, None)

    def move(self, endpoint: EndpointLike) -> None:
        """Tells where the remote is now. Names of hosts are looked up, which may block."""
        address = resolve(endpoint, family_of(self._stack.endpoint))
        self._stack._change(lib.raet_remote_set_endpoint, self.id, c_string(address), now())

    def remove(self) -> None:
        """Removes the remote, here and in the store; its messages end with `Canceled`, or with `Unknown` when they may
        have arrived; its role's keys stay."""
        self._stack._change(lib.raet_remote_remove, self.id, now())

    def join(self, timeout: Optional[float] = None) -> Transaction:
        """Starts a single join: the exchange of long-term keys. `timeout` in seconds, None for 5."""
        return self._start(lib.raet_join, timeout)

    def allow(self, timeout: Optional[float] = None) -> Transaction:
        """Starts a single allow: the handshake for new short-term keys. `timeout` in seconds, None for 4."""
        return self._start(lib.raet_allow, timeout)

    def check_alive(self, timeout: Optional[float] = None) -> Transaction:
        """Starts a single heartbeat. `timeout` in seconds, None for 2."""
        return self._start(lib.raet_alive, timeout)

    def _start(self, function: Any, timeout: Optional[float]) -> Transaction:
        txn = c_uint64()
        self._stack._change(function, self.id, now(), time_limit(timeout), byref(txn))
        return self._stack._watch(Transaction(self._stack, self, txn.value))

    # In Python

    @property
    def label(self) -> str:
        """Its name or else its endpoint, for people to read; never raises."""
        try:
            return self.name or self.endpoint
        except RaetError:
            return f"remote {self.id}"

    def __repr__(self) -> str:
        return f"<Remote {self.id} {self.label!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Remote):
            return NotImplemented
        return self._stack is other._stack and self.id == other.id

    def __hash__(self) -> int:
        return hash((id(self._stack), self.id))
