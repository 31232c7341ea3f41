"""A lane: messages between the processes of one machine, by Unix sockets."""

from __future__ import annotations

import logging
import os
from ctypes import byref, c_uint64
from typing import Any, Optional, Union

from . import _abi
from ._abi import lib
from ._bodies import KindLike
from ._handle import c_string, read_text
from ._loop import Loop
from .enums import BodyKind, Status
from .errors import Exists, NotFound, error_for
from .remote import Remote

_Folder = Union[str, "os.PathLike[str]"]


class Yard(Remote):
    """Another process on the lane. What belongs to roads alone, such as ``connect()``, raises `RaetError`."""

    @property
    def path(self) -> str:
        """The path of its socket."""
        return self.endpoint

    @property
    def pid(self) -> Optional[int]:
        """Its process, as the kernel told with its last page; None before."""
        return self._told(_abi.KEY_PEER_PID)

    @property
    def uid(self) -> Optional[int]:
        """Its effective user, likewise."""
        return self._told(_abi.KEY_PEER_UID)

    @property
    def gid(self) -> Optional[int]:
        """Its effective group, likewise."""
        return self._told(_abi.KEY_PEER_GID)

    def _told(self, key: int) -> Optional[int]:
        try:
            return self._number(key)
        except NotFound:
            return None


class Lane(Loop):
    """A yard on a lane: a process that sends messages to other processes of the machine, and receives theirs.

        with libraet.Lane("worker", lane="cherry", directory="/run/user/1000/cherry") as lane:
            lane.yard("main").send({"hello": "main"}).wait()
            for event in lane.events(timeout=5):
                print(event, event.pid, event.uid)

    There is nothing to connect: whoever may write in the folder is on the lane. A lane lives only while one of the
    methods that service it runs, as a road does, and one thread at a time may use it.

    name: of the yard: printable ASCII without space, slash and dot.
    lane: name of the lane, "lane" unless given.
    directory: folder of the lane's sockets, an absolute path; "/var/cache/raet" unless given. It is made when it is
        missing, and refused (`StoreDamaged`) when it is a symbolic link, of another user, or others may write in it.
        `Exists`: a living process has the yard. `StoreLocked`: others open yards there for more than 0.1 s.
    accept_strangers: False drops what comes from yards that ``yard()`` has not been asked for.
    body_kind: "json" (default) or "msgpack": how mappings are encoded.
    message_timeout: seconds after which a message fails; 300 unless given.
    max_message, send_queue (per yard), receive_queue, socket_buffer: limits in bytes. max_remotes: most yards known.
    logger, log_level: where the library's log goes; the logger "libraet" and what it lets pass unless given.
    """

    _kind = _abi.KIND_LANE
    _what = "yard"

    def __init__(
        self,
        name: str,
        *,
        lane: Optional[str] = None,
        directory: Optional[_Folder] = None,
        accept_strangers: Optional[bool] = None,
        body_kind: KindLike = BodyKind.JSON,
        max_message: Optional[int] = None,
        send_queue: Optional[int] = None,
        receive_queue: Optional[int] = None,
        message_timeout: Optional[float] = None,
        max_remotes: Optional[int] = None,
        socket_buffer: Optional[int] = None,
        logger: Optional[logging.Logger] = None,
        log_level: Optional[int] = None,
    ) -> None:
        self._body_kind = BodyKind[body_kind.upper()] if isinstance(body_kind, str) else BodyKind(body_kind)
        given = dict(
            name=name, lane=lane, directory=directory, accept_strangers=accept_strangers, max_message=max_message,
            send_queue=send_queue, receive_queue=receive_queue, message_timeout=message_timeout,
            max_remotes=max_remotes, socket_buffer=socket_buffer,
        )  # fmt: skip
        self._begin(given, logger, log_level)

    @property
    def body_kind(self) -> BodyKind:
        """How mappings are encoded when they are sent."""
        return self._body_kind

    @property
    def lane(self) -> str:
        """Name of the lane."""
        return self._text(lib.raet_stack_get_str, _abi.KEY_LANE)

    @property
    def path(self) -> str:
        """The path of its socket."""
        return self.endpoint

    def _make_remote(self, number: int) -> Yard:
        return Yard(self, number)

    def add_yard(self, name: str) -> Yard:
        """Adds a yard by its name; it stays known when its process ends. `Exists`, with `remote`: it is known."""
        number = c_uint64()
        status = self._status(lib.raet_remote_add, c_string(name), None, byref(number))
        if status == Status.EEXIST:
            raise Exists(status, f"{name!r} is known", self._remote(number.value))
        if status:
            self._fail(status)
        return self._yard(number.value)

    def yard(self, name: str) -> Yard:
        """The yard of a name, added unless it is known; it stays known when its process ends."""
        number = c_uint64()
        status = self._status(lib.raet_remote_add, c_string(name), None, byref(number))
        if status and status != Status.EEXIST:
            self._fail(status)
        return self._yard(number.value)

    @property
    def yards(self) -> list[Yard]:
        """All yards known, in the order they were added."""
        return [self._yard(remote.id) for remote in self.remotes]

    def _yard(self, number: int) -> Yard:
        found = self._remote(number)
        assert isinstance(found, Yard)
        return found


def yard_path(yard: str, lane: Optional[str] = None, directory: Optional[_Folder] = None) -> str:
    """The path of a yard's socket; see `Lane` for what is left out. `InvalidArgument`: a name that cannot be, or a path
    that is not absolute, or too long for a socket."""
    folder = None if directory is None else c_string(os.fsdecode(directory))
    name = None if lane is None else c_string(lane)

    def read(buffer: Any, size: int, need: Any) -> int:
        return int(lib.raet_yard_path(folder, name, c_string(yard), buffer, size, need))

    status, text = read_text(read)
    if status:
        raise error_for(status, f"yard {yard!r}")
    return text
