"""Enumerations of the C interface. A later library may know values that this package does not: each then becomes a
member named ``UNKNOWN_<value>`` instead of an error."""

from __future__ import annotations

from enum import IntEnum
from typing import Optional


class _OpenEnum(IntEnum):
    """An enumeration that takes values it does not know."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[_OpenEnum]:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def __str__(self) -> str:
        return self.name


class Status(_OpenEnum):
    """How a call or a transaction ended. `libraet.errors` has an exception for each that is not OK."""

    OK = 0
    EAGAIN = -1
    EINVAL = -2
    ENOMEM = -3
    ESTATE = -4
    EREENTRANT = -5
    ENOTFOUND = -6
    EEXIST = -7
    EMSGSIZE = -8
    EBUFSIZE = -9
    ETIMEDOUT = -10
    ECANCELED = -11
    ENACK = -12
    EREFUSED = -13
    EREJECTED = -14
    EPENDING = -15
    EUNJOINED = -16
    EUNALLOWED = -17
    ESTALE = -18
    EDEAD = -19
    EPROTO = -20
    ECRYPTO = -21
    EENCODE = -22
    EIO = -23
    ENOTSUP = -24
    ECLOSED = -25
    EINTERNAL = -26
    EUNKNOWN = -27
    ESTORE = -28
    ELOCKED = -29


class EventType(_OpenEnum):
    """What an event tells."""

    MESSAGE = 1
    DELIVERED = 2
    FAILED = 3
    WRITABLE = 4
    JOINED = 5
    ALLOWED = 6
    ALIVE = 7
    DEAD = 8
    REAPED = 9
    KEY_PENDING = 10
    KEY_CHANGED = 11
    REMOTE_ADDED = 12
    REMOTE_GONE = 13
    ERROR = 14
    CLOSED = 15
    UNDELIVERED = 16
    REFUSED = 17


class Acceptance(_OpenEnum):
    """Whether a role's keys are accepted."""

    PENDING = 0
    ACCEPTED = 1
    REJECTED = 2


class AcceptMode(_OpenEnum):
    """Whose keys a road accepts without a person: none, the first of each role, or all (for laboratories)."""

    NEVER = 0
    ONCE = 1
    ALWAYS = 2


class BodyKind(_OpenEnum):
    """How a body is encoded."""

    NONE = 0
    JSON = 1
    RAW = 2
    MSGPACK = 3


class HeadKind(_OpenEnum):
    """How the heads of datagrams are encoded."""

    RAET = 0
    JSON = 1


class Direction(_OpenEnum):
    """Which way a transfer goes."""

    SENDING = 1
    RECEIVING = 2
