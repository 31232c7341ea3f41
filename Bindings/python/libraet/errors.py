"""Exceptions: `RaetError` and, for each status that a program may want to tell apart, a class of its own."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Optional

from ._abi import lib
from .enums import Status

if TYPE_CHECKING:
    from .remote import Remote


class RaetError(Exception):
    """A call or a transaction did not succeed.

    `status` is the status, `name` its name as in raet.h ("RAET_EPENDING"), `text` a sentence that explains it, `detail`
    what else there is to say about this case, and `remote` the remote it concerns, if there is one.
    """

    def __init__(self, status: int, detail: str = "", remote: Optional[Remote] = None) -> None:
        super().__init__(status, detail)
        self.status = Status(status)
        self.detail = detail
        self.remote = remote

    @property
    def name(self) -> str:
        """Name of the status, as "RAET_EPENDING"."""
        return str(lib.raet_status_name(self.status).decode())

    @property
    def text(self) -> str:
        """A sentence that explains the status."""
        return str(lib.raet_status_text(self.status).decode())

    def __str__(self) -> str:
        text = self.text
        return f"{self.name}: {text}" + (f" ({self.detail})" if self.detail not in ("", text) else "")


class QueueFull(RaetError):
    """The queue has no room now (RAET_EAGAIN). An event of type WRITABLE tells when to try again."""


class InvalidArgument(RaetError, ValueError):
    """An argument or a setting is not valid (RAET_EINVAL)."""


class WrongState(RaetError):
    """Not possible in the present state (RAET_ESTATE)."""


class Reentrant(RaetError):
    """Not allowed from inside a callback, such as a handler of the log (RAET_EREENTRANT)."""


class NotFound(RaetError, LookupError):
    """There is no such remote, role or transaction (RAET_ENOTFOUND)."""


class Exists(RaetError):
    """It exists already (RAET_EEXIST)."""


class MessageTooLarge(RaetError, ValueError):
    """The body is longer than the road sends (RAET_EMSGSIZE)."""


class TimedOut(RaetError, TimeoutError):
    """The time limit passed (RAET_ETIMEDOUT)."""

    def __init__(self, status: int = Status.ETIMEDOUT, detail: str = "", remote: Optional[Remote] = None) -> None:
        super().__init__(status, detail, remote)
        self.errno = errno.ETIMEDOUT


class Canceled(RaetError):
    """Cancelled by this side (RAET_ECANCELED)."""


class Nacked(RaetError):
    """The remote refused it with a nack (RAET_ENACK)."""


class Refused(RaetError):
    """The remote refused for now; the same may succeed later (RAET_EREFUSED)."""


class Rejected(RaetError):
    """The keys were rejected, or a change is not permitted (RAET_EREJECTED)."""


class Pending(RaetError):
    """A person, here or at the other side, has to accept the keys first (RAET_EPENDING)."""


class Unjoined(RaetError):
    """The remote is not joined (RAET_EUNJOINED)."""


class Unallowed(RaetError):
    """The remote is not allowed (RAET_EUNALLOWED)."""


class Dead(RaetError):
    """The remote does not answer (RAET_EDEAD)."""


class ProtocolError(RaetError):
    """The remote broke the protocol (RAET_EPROTO)."""


class KeyInvalid(RaetError, ValueError):
    """A key or a signature is not valid (RAET_ECRYPTO)."""


class BodyInvalid(RaetError, ValueError):
    """The body is not a mapping of its kind (RAET_EENCODE)."""


class SystemFailure(RaetError):
    """A call of the operating system failed; `detail` has the reason (RAET_EIO)."""


class Closed(RaetError):
    """The road is closed (RAET_ECLOSED)."""


class Unknown(RaetError):
    """The message may have arrived or not: its answer was lost (RAET_EUNKNOWN)."""


class StoreDamaged(RaetError):
    """The store's content is damaged or does not fit; nothing was changed in it (RAET_ESTORE)."""


class StoreLocked(RaetError):
    """Another process uses the store (RAET_ELOCKED)."""


_CLASSES: dict[int, type[RaetError]] = {
    Status.EAGAIN: QueueFull,
    Status.EINVAL: InvalidArgument,
    Status.ESTATE: WrongState,
    Status.EREENTRANT: Reentrant,
    Status.ENOTFOUND: NotFound,
    Status.EEXIST: Exists,
    Status.EMSGSIZE: MessageTooLarge,
    Status.ETIMEDOUT: TimedOut,
    Status.ECANCELED: Canceled,
    Status.ENACK: Nacked,
    Status.EREFUSED: Refused,
    Status.EREJECTED: Rejected,
    Status.EPENDING: Pending,
    Status.EUNJOINED: Unjoined,
    Status.EUNALLOWED: Unallowed,
    Status.EDEAD: Dead,
    Status.EPROTO: ProtocolError,
    Status.ECRYPTO: KeyInvalid,
    Status.EENCODE: BodyInvalid,
    Status.EIO: SystemFailure,
    Status.ECLOSED: Closed,
    Status.EUNKNOWN: Unknown,
    Status.ESTORE: StoreDamaged,
    Status.ELOCKED: StoreLocked,
}


def error_for(status: int, detail: str = "", remote: Optional[Remote] = None) -> RaetError:
    """The exception that belongs to a status; `RaetError` itself where there is no class of its own."""
    return _CLASSES.get(status, RaetError)(status, detail, remote)
