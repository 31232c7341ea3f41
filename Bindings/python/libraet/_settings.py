"""Settings of a road or lane: what a program gives, and the library's configuration."""

from __future__ import annotations

import os
from ctypes import byref, c_void_p
from enum import IntEnum
from typing import Any, Callable, Union

from . import _abi
from ._abi import lib
from ._handle import c_string, nanoseconds
from .enums import AcceptMode, BodyKind, HeadKind, Status
from .errors import error_for
from .keys import key_bytes

#: Whose keys are accepted, as a member of `AcceptMode` or by its name in lower case.
AcceptLike = Union[AcceptMode, str]


def _named(enum: type[IntEnum]) -> Callable[[Any], int]:
    def number(value: Any) -> int:
        if isinstance(value, enum):
            return int(value)
        try:
            return int(enum[value.upper()])
        except (AttributeError, KeyError):
            choices = ", ".join(repr(member.name.lower()) for member in enum)
            raise ValueError(f"it is one of {choices}") from None

    return number


def _path(value: Any) -> bytes:
    return c_string(os.fsdecode(value))


#: Each setting by the name it has in `Road()` or `Lane()`: the library's key, and what makes the library's value of it.
SETTINGS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "name": (_abi.KEY_NAME, c_string),
    "role": (_abi.KEY_ROLE, c_string),
    "endpoint": (_abi.KEY_ENDPOINT, c_string),
    "directory": (_abi.KEY_DIR, _path),
    "store_kind": (_abi.KEY_STORE_KIND, _named(BodyKind)),
    "main": (_abi.KEY_MAIN, int),
    "mutable": (_abi.KEY_MUTABLE, int),
    "accept": (_abi.KEY_ACCEPT, _named(AcceptMode)),
    "kind": (_abi.KEY_KIND, int),
    "sign_seed": (_abi.KEY_SIGN_SEED, key_bytes),
    "private": (_abi.KEY_PRIVATE, key_bytes),
    "head_kind": (_abi.KEY_HEAD_KIND, _named(HeadKind)),
    "body_kind": (_abi.KEY_BODY_KIND, _named(BodyKind)),
    "sign": (_abi.KEY_SIGN, int),
    "encrypt": (_abi.KEY_ENCRYPT, int),
    "accept_unsigned": (_abi.KEY_ACCEPT_UNSIGNED, int),
    "accept_clear": (_abi.KEY_ACCEPT_CLEAR, int),
    "period": (_abi.KEY_PERIOD_NS, nanoseconds),
    "offset": (_abi.KEY_OFFSET_NS, nanoseconds),
    "interim": (_abi.KEY_INTERIM_NS, nanoseconds),
    "max_message": (_abi.KEY_MAX_MESSAGE, int),
    "send_queue": (_abi.KEY_SEND_QUEUE, int),
    "receive_queue": (_abi.KEY_RECEIVE_QUEUE, int),
    "message_timeout": (_abi.KEY_MESSAGE_TIMEOUT_NS, nanoseconds),
    "max_remotes": (_abi.KEY_MAX_REMOTES, int),
    "max_pending": (_abi.KEY_MAX_PENDING, int),
    "socket_buffer": (_abi.KEY_SOCKET_BUFFER, int),
    "window": (_abi.KEY_WINDOW, int),
    "lane": (_abi.KEY_LANE, c_string),
    "accept_strangers": (_abi.KEY_ACCEPT_STRANGERS, int),
}


class Configuration:
    """A configuration of the library; frees itself at the end of a ``with`` block."""

    def __init__(self, kind: int = _abi.KIND_ROAD) -> None:
        handle = c_void_p()
        status = lib.raet_config_new(kind, byref(handle))
        if status:
            raise error_for(status)
        self.handle = handle

    def __enter__(self) -> Configuration:
        return self

    def __exit__(self, *_: object) -> None:
        lib.raet_config_free(self.handle)

    def set(self, name: str, value: Any) -> None:
        """Sets what `SETTINGS` lists, unless value is None. Exceptions name the setting, and never show a key."""
        if value is None:
            return
        key, convert = SETTINGS[name]
        secret = name in ("sign_seed", "private")
        shown = name if secret else f"{name}={value!r}"
        try:
            converted = convert(value)
        except (TypeError, ValueError) as reason:
            raise error_for(Status.EINVAL, f"{shown}: {reason}") from (None if secret else reason)
        if secret:
            status = lib.raet_config_set_bytes(self.handle, key, converted, len(converted))
        elif isinstance(converted, bytes):
            status = lib.raet_config_set_str(self.handle, key, converted)
        elif 0 <= converted < 2**64:
            status = lib.raet_config_set_u64(self.handle, key, converted)
        else:
            status = Status.EINVAL
        if status:
            raise error_for(status, shown)
