"""Events: what happens on a road or lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional

from . import _bodies
from .enums import BodyKind, EventType, Status
from .errors import error_for

if TYPE_CHECKING:
    from ._core import Core
    from .places import Place
    from .remote import Remote
    from .transactions import Delivery, Transaction


@dataclass(frozen=True, eq=False, repr=False)
class Event:
    """Something that happened on a road or lane, or to a router. It is the program's own: nothing in it changes or goes away."""

    #: What happened.
    type: EventType
    #: How it ended, where something ended.
    status: Status
    #: The remote it concerns.
    remote: Optional[Remote]
    #: Name of the remote; with KEY_PENDING and KEY_CHANGED of the role; with ERROR what failed.
    name: str
    #: What this program started and ended now: a `Delivery`, or the `Transaction` of a join, allow or alive.
    transaction: Optional[Transaction]
    #: The body's bytes, as they came (MESSAGE).
    raw: bytes
    #: How the body is encoded (MESSAGE).
    body_kind: BodyKind
    #: When it happened, in seconds of ``time.monotonic()``.
    time: float
    #: Number of the system's error, with status EIO.
    os_errno: int = 0
    #: Who sent a message on a lane: its process, effective user and group, as the kernel told. None on a road.
    pid: Optional[int] = None
    uid: Optional[int] = None
    gid: Optional[int] = None
    #: Events of a `Router`: the road or lane that it concerns; None when the program sent the message to itself.
    stack: Optional[Core] = None
    #: Events of a `Router`: where a message came from, as far as it is proved.
    source: Optional[Place] = None
    #: Events of a `Router`: where a message goes, as text; None when it has no route, and in DELIVERED of one that the
    #: program sent to itself.
    destination: Optional[str] = None
    #: Events of a `Router`: the share that a message is for; None: none in particular.
    share: Optional[str] = None

    @cached_property
    def body(self) -> Any:
        """The body: a dict when it is JSON or msgpack, else bytes. Decoded when asked for the first time.

        `BodyInvalid` when it cannot be decoded, ImportError when that takes the package ``msgpack`` and it is missing.
        """
        return _bodies.decode(self.raw, self.body_kind)

    @property
    def delivery(self) -> Optional[Delivery]:
        """The message that has been delivered or has failed now (DELIVERED, FAILED, UNDELIVERED)."""
        from .transactions import Delivery

        return self.transaction if isinstance(self.transaction, Delivery) else None

    @property
    def tag(self) -> Any:
        """What the program gave ``send()`` (DELIVERED, FAILED, UNDELIVERED)."""
        delivery = self.delivery
        return delivery.tag if delivery else None

    @property
    def ok(self) -> bool:
        """True when what ended has ended well."""
        return self.status == Status.OK

    def check(self) -> Event:
        """Raises the exception of its status when that is not OK; else gives itself."""
        if self.status:
            raise error_for(self.status, self.name, self.remote)
        return self

    def __repr__(self) -> str:
        parts = [self.type.name]
        if self.name:
            parts.append(repr(self.name))
        if self.status:
            parts.append(self.status.name)
        if self.type == EventType.MESSAGE:
            parts.append(f"{self.body_kind.name.lower()}, {len(self.raw)} bytes")
        if self.source is not None:
            parts.append(f"from {self.source}")
        if self.destination is not None:
            parts.append(f"to {self.destination}")
        if self.delivery:
            parts.append(f"txn {self.delivery.txn}")
        return f"<Event {' '.join(parts)}>"
