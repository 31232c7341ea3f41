"""libraet: secure, reliable, brokerless messages between programs on many machines.

    with libraet.Road("alpha", endpoint="127.0.0.1:7531", directory="/var/lib/alpha") as road:
        peer = road.connect("127.0.0.1:7530")
        peer.send({"hello": "world"}).wait()
        for event in road.events(timeout=5):
            print(event)

`Road` is an estate on a road, `Remote` another one as seen from it; `Lane` is a process on a lane of its machine, `Yard`
another one; `Router` leads messages between both, and `Place` is where they come from and go to; `Event` is what
happens, `Delivery` a message that was sent. `libraet.aio` is for programs of asyncio's. Exceptions derive from
`RaetError`. The shared library is in the package; for developers, the environment variable LIBRAET_LIBRARY names
another one.
"""

from __future__ import annotations

from ._abi import lib as _lib
from ._core import Transfer
from ._version import __version__
from .enums import Acceptance, AcceptMode, BodyKind, Direction, EventType, HeadKind, Status
from .errors import (
    BodyInvalid,
    Canceled,
    Closed,
    Dead,
    Exists,
    InvalidArgument,
    KeyInvalid,
    MessageTooLarge,
    Nacked,
    NotFound,
    Pending,
    ProtocolError,
    QueueFull,
    RaetError,
    Reentrant,
    Refused,
    Rejected,
    StoreDamaged,
    StoreLocked,
    SystemFailure,
    TimedOut,
    Unallowed,
    Unjoined,
    Unknown,
    WrongState,
)
from .events import Event
from .keys import PublicKeys, SecretKeys
from .lane import Lane, Yard, yard_path
from .places import Place
from .remote import Remote
from .road import Road
from .router import Router
from .transactions import Delivery, RoutedDelivery, Transaction

#: Version of the shared library.
library_version: str = _lib.raet_version_string().decode()

__all__ = [
    "AcceptMode",
    "Acceptance",
    "BodyInvalid",
    "BodyKind",
    "Canceled",
    "Closed",
    "Dead",
    "Delivery",
    "Direction",
    "Event",
    "EventType",
    "Exists",
    "HeadKind",
    "InvalidArgument",
    "KeyInvalid",
    "Lane",
    "MessageTooLarge",
    "Nacked",
    "NotFound",
    "Pending",
    "Place",
    "ProtocolError",
    "PublicKeys",
    "QueueFull",
    "RaetError",
    "Reentrant",
    "Refused",
    "Rejected",
    "Remote",
    "Road",
    "RoutedDelivery",
    "Router",
    "SecretKeys",
    "Status",
    "StoreDamaged",
    "StoreLocked",
    "SystemFailure",
    "TimedOut",
    "Transaction",
    "Transfer",
    "Unallowed",
    "Unjoined",
    "Unknown",
    "WrongState",
    "Yard",
    "__version__",
    "library_version",
    "yard_path",
]
