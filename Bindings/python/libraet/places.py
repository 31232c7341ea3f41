"""Places: where routed messages come from and go to."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ._abi import lib
from ._handle import c_string, read_text
from .enums import Status
from .errors import error_for


class Place(NamedTuple):
    """An estate on a road, a yard on its lane, a share within that process. None: here, the process that holds the road,
    and no share in particular.

    ``str(place)`` is the text that ``Router.send()`` takes: "ESTATE/YARD/SHARE", with %XX for what has a meaning there.
    """

    estate: Optional[str] = None
    yard: Optional[str] = None
    share: Optional[str] = None

    @classmethod
    def parse(cls, text: str) -> Place:
        """Reads the text. A destination that names several estates has none here. `InvalidArgument`."""
        return cls(*(_part(text, index) for index in range(3)))

    def __str__(self) -> str:
        parts = [None if part is None else c_string(part) for part in self]
        status, text = read_text(lambda buffer, size, need: int(lib.raet_route_format(*parts, buffer, size, need)))
        if status:
            raise error_for(status, repr(self))
        return text


def _part(text: str, index: int) -> Optional[str]:
    place = c_string(text)

    def read(buffer: Any, size: int, need: Any) -> int:
        return int(lib.raet_route_part(place, index, buffer, size, need))

    status, part = read_text(read)
    if status == Status.ENOTFOUND:
        return None
    if status:
        raise error_for(status, text)
    return part
