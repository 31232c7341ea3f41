"""raet.h for ctypes: its constants, structures and functions, and the search for the library. Nothing else in here.

A stack, a configuration and the `user` of a callback are plain addresses (``c_void_p``); names follow the header
without its ``RAET_``. Tests/python/test_abi.py compares all of it with the header.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

VERSION_NUMBER = 0x000100
NEVER = 2**64 - 1
MESSAGE_MAX = 67_107_800

KIND_ROAD = 1
KIND_LANE = 2
TYPE_U64, TYPE_STR, TYPE_BYTES = 1, 2, 3

KEY_NAME = 1
KEY_ROLE = 2
KEY_ENDPOINT = 3
KEY_DIR = 4
KEY_STORE_KIND = 5
KEY_MAIN = 6
KEY_MUTABLE = 7
KEY_ACCEPT = 8
KEY_KIND = 9
KEY_SIGN_SEED = 10
KEY_PRIVATE = 11
KEY_HEAD_KIND = 12
KEY_BODY_KIND = 13
KEY_SIGN = 14
KEY_ENCRYPT = 15
KEY_ACCEPT_UNSIGNED = 16
KEY_ACCEPT_CLEAR = 17
KEY_PERIOD_NS = 18
KEY_OFFSET_NS = 19
KEY_INTERIM_NS = 20
KEY_MAX_MESSAGE = 21
KEY_SEND_QUEUE = 22
KEY_RECEIVE_QUEUE = 23
KEY_MESSAGE_TIMEOUT_NS = 24
KEY_MAX_REMOTES = 25
KEY_MAX_PENDING = 26
KEY_SOCKET_BUFFER = 27
KEY_WINDOW = 28
KEY_LANE = 29
KEY_ACCEPT_STRANGERS = 30
KEY_NEAR_ID = 40
KEY_FAR_ID = 41
KEY_JOINED = 42
KEY_ALLOWED = 43
KEY_ALIVED = 44
KEY_REAPED = 45
KEY_ACCEPTANCE = 46
KEY_RTT_NS = 47
KEY_QUEUED = 48
KEY_IN_FLIGHT = 49
KEY_SESSION = 50
KEY_PEER_PID = 51
KEY_PEER_UID = 52
KEY_PEER_GID = 53

ROUTER_ESTATE, ROUTER_MANOR, ROUTER_RELAY, ROUTER_VIA = 1, 2, 3, 4
ROUTE_CONFIRM = 1

LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG = 0, 1, 2, 3, 4
WANT_READ, WANT_WRITE = 1, 2


class Addr(Structure):
    """raet_addr."""

    _fields_ = [("len", c_uint32), ("bytes", c_uint8 * 124)]


class EventStruct(Structure):
    """raet_event, as far as this package knows it."""

    _fields_ = [
        ("size", c_uint32),
        ("type", c_uint32),
        ("status", c_int32),
        ("os_errno", c_int32),
        ("remote", c_uint64),
        ("txn", c_uint64),
        ("tag", c_uint64),
        ("time_ns", c_uint64),
        ("body", c_void_p),
        ("body_len", c_size_t),
        ("body_kind", c_uint32),
        ("flags", c_uint32),
        ("name", c_char_p),
        ("pid", c_int64),
        ("uid", c_uint32),
        ("gid", c_uint32),
        ("stack", c_void_p),
        ("source", c_char_p),
        ("destination", c_char_p),
        ("share", c_char_p),
    ]


EventFn = CFUNCTYPE(None, c_void_p, c_void_p, POINTER(EventStruct))
LogFn = CFUNCTYPE(None, c_void_p, c_uint32, c_void_p, c_size_t)
WakeFn = CFUNCTYPE(None, c_void_p, c_void_p)
RandomFn = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)
StoreLoadFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p, c_size_t, POINTER(c_size_t))
StoreStoreFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p, c_size_t)
StoreNextFn = CFUNCTYPE(c_int32, c_void_p, c_char_p, c_void_p, c_size_t, POINTER(c_size_t))


class StoreOps(Structure):
    """raet_store_ops."""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("load", StoreLoadFn),
        ("store", StoreStoreFn),
        ("next", StoreNextFn),
    ]


_status = c_int32
_enum = c_uint32
_remote = c_uint64
_txn = c_uint64
_handle = c_void_p
_u64_out = POINTER(c_uint64)
_size_out = POINTER(c_size_t)
_enum_out = POINTER(c_uint32)
_event_out = POINTER(POINTER(EventStruct))
_key32 = c_char_p  # 32 bytes that are read
_key32_out = c_void_p  # room for 32 bytes

#: Result and parameters of each function of the header.
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    # Library
    "raet_version": (c_uint32, ()),
    "raet_version_string": (c_char_p, ()),
    "raet_has": (c_int32, (c_char_p,)),
    "raet_status_name": (c_char_p, (_status,)),
    "raet_status_text": (c_char_p, (_status,)),
    "raet_event_name": (c_char_p, (_enum,)),
    "raet_yard_path": (_status, (c_char_p, c_char_p, c_char_p, c_void_p, c_size_t, _size_out)),
    "raet_now": (c_uint64, ()),
    # Configuration
    "raet_config_new": (_status, (_enum, POINTER(_handle))),
    "raet_config_free": (None, (_handle,)),
    "raet_config_set_u64": (_status, (_handle, _enum, c_uint64)),
    "raet_config_set_str": (_status, (_handle, _enum, c_char_p)),
    "raet_config_set_bytes": (_status, (_handle, _enum, c_char_p, c_size_t)),
    "raet_config_set_store": (_status, (_handle, POINTER(StoreOps), c_void_p)),
    "raet_config_set_random": (_status, (_handle, RandomFn, c_void_p)),
    "raet_config_key": (_status, (c_char_p, _enum_out, _enum_out)),
    "raet_config_error": (c_char_p, (_handle,)),
    # Life of a stack
    "raet_stack_new": (_status, (_handle, c_uint64, POINTER(_handle))),
    "raet_stack_open": (_status, (_handle, c_uint64)),
    "raet_stack_adopt_fd": (_status, (_handle, c_int32, c_uint64)),
    "raet_stack_close": (_status, (_handle, c_uint64, c_uint64)),
    "raet_stack_free": (None, (_handle,)),
    "raet_stack_error": (c_char_p, (_handle,)),
    "raet_stack_get_u64": (_status, (_handle, _enum, _u64_out)),
    "raet_stack_get_str": (_status, (_handle, _enum, c_void_p, c_size_t, _size_out)),
    # Loop
    "raet_stack_fd": (c_int32, (_handle,)),
    "raet_stack_interest": (c_uint32, (_handle,)),
    "raet_stack_deadline": (c_uint64, (_handle,)),
    "raet_stack_timeout_ms": (c_int32, (_handle, c_uint64)),
    "raet_stack_service": (_status, (_handle, c_uint64, c_uint32)),
    "raet_stack_next_event": (_status, (_handle, _event_out)),
    "raet_stack_dispatch": (_status, (_handle, EventFn, c_void_p, c_uint32)),
    "raet_event_detach": (_status, (_handle, POINTER(EventStruct))),
    "raet_event_free": (None, (POINTER(EventStruct),)),
    "raet_stack_set_wake": (_status, (_handle, WakeFn, c_void_p)),
    # Remotes
    "raet_remote_add": (_status, (_handle, c_char_p, c_char_p, POINTER(_remote))),
    "raet_remote_set_endpoint": (_status, (_handle, _remote, c_char_p, c_uint64)),
    "raet_remote_remove": (_status, (_handle, _remote, c_uint64)),
    "raet_remote_find": (_status, (_handle, c_char_p, POINTER(_remote))),
    "raet_remote_next": (_status, (_handle, _remote, POINTER(_remote))),
    "raet_remote_get_u64": (_status, (_handle, _remote, _enum, _u64_out)),
    "raet_remote_get_str": (_status, (_handle, _remote, _enum, c_void_p, c_size_t, _size_out)),
    # Connecting
    "raet_connect": (_status, (_handle, _remote, c_uint64)),
    "raet_disconnect": (_status, (_handle, _remote, c_uint64)),
    "raet_join": (_status, (_handle, _remote, c_uint64, c_uint64, POINTER(_txn))),
    "raet_allow": (_status, (_handle, _remote, c_uint64, c_uint64, POINTER(_txn))),
    "raet_alive": (_status, (_handle, _remote, c_uint64, c_uint64, POINTER(_txn))),
    # Messages
    "raet_send": (
        _status,
        (_handle, _remote, c_uint64, _enum, c_char_p, c_size_t, c_uint64, c_uint64, POINTER(_txn)),
    ),
    "raet_send_capacity": (_status, (_handle, _remote, _u64_out)),
    "raet_txn_cancel": (_status, (_handle, _txn, c_uint64)),
    "raet_transfer_next": (_status, (_handle, _txn, POINTER(_txn))),
    "raet_transfer_progress": (_status, (_handle, _txn, POINTER(_remote), _enum_out, _u64_out, _u64_out)),
    # Keys and acceptance
    "raet_keys_generate": (_status, (_key32_out, _key32_out)),
    "raet_keys_public": (_status, (_key32, _key32, _key32_out, _key32_out)),
    "raet_stack_keys": (_status, (_handle, _key32_out, _key32_out)),
    "raet_role_status": (_status, (_handle, c_char_p, _enum_out)),
    "raet_role_set_status": (_status, (_handle, c_char_p, _enum, c_uint64)),
    "raet_role_set_keys": (_status, (_handle, c_char_p, _key32, _key32, c_uint64)),
    "raet_role_keys": (_status, (_handle, c_char_p, _key32_out, _key32_out)),
    "raet_role_forget": (_status, (_handle, c_char_p, c_uint64)),
    "raet_role_next": (_status, (_handle, c_char_p, c_void_p, c_size_t, _size_out)),
    # Router
    "raet_router_new": (_status, (POINTER(_handle),)),
    "raet_router_free": (None, (_handle,)),
    "raet_router_attach": (_status, (_handle, _handle)),
    "raet_router_detach": (_status, (_handle, _handle, c_uint64)),
    "raet_router_set_u64": (_status, (_handle, _enum, c_uint64)),
    "raet_router_set_str": (_status, (_handle, _enum, c_char_p)),
    "raet_router_set_rules": (_status, (_handle, c_char_p)),
    "raet_router_set_share": (_status, (_handle, c_char_p, c_uint32)),
    "raet_router_error": (c_char_p, (_handle,)),
    "raet_router_fd": (c_int32, (_handle,)),
    "raet_router_deadline": (c_uint64, (_handle,)),
    "raet_router_timeout_ms": (c_int32, (_handle, c_uint64)),
    "raet_router_service": (_status, (_handle, c_uint64, c_uint32)),
    "raet_router_next_event": (_status, (_handle, _event_out)),
    "raet_router_dispatch": (_status, (_handle, EventFn, c_void_p, c_uint32)),
    "raet_router_event_detach": (_status, (_handle, POINTER(EventStruct))),
    "raet_router_send": (
        _status,
        (_handle, c_uint64, c_char_p, c_char_p, _enum, c_char_p, c_size_t, c_uint64, c_uint32, c_uint64, POINTER(_txn)),
    ),
    "raet_router_reply": (
        _status,
        (
            _handle,
            c_uint64,
            POINTER(EventStruct),
            c_char_p,
            _enum,
            c_char_p,
            c_size_t,
            c_uint64,
            c_uint32,
            c_uint64,
            POINTER(_txn),
        ),
    ),
    "raet_router_cancel": (_status, (_handle, _txn, c_uint64)),
    "raet_router_stat_at": (_status, (_handle, c_uint32, POINTER(c_char_p), _u64_out)),
    "raet_router_stat_get": (_status, (_handle, c_char_p, _u64_out)),
    "raet_route_format": (_status, (c_char_p, c_char_p, c_char_p, c_void_p, c_size_t, _size_out)),
    "raet_route_part": (_status, (c_char_p, c_uint32, c_void_p, c_size_t, _size_out)),
    # Statistics and log
    "raet_stat_at": (_status, (_handle, c_uint32, POINTER(c_char_p), _u64_out)),
    "raet_stat_get": (_status, (_handle, c_char_p, _u64_out)),
    "raet_stack_set_log": (_status, (_handle, _enum, LogFn, c_void_p)),
    # Without sockets
    "raet_addr_parse": (_status, (c_char_p, POINTER(Addr))),
    "raet_addr_format": (_status, (POINTER(Addr), c_void_p, c_size_t, _size_out)),
    "raet_stack_input": (_status, (_handle, c_uint64, c_char_p, c_size_t, POINTER(Addr))),
    "raet_stack_output": (_status, (_handle, c_uint64, c_void_p, c_size_t, _size_out, POINTER(Addr))),
    "raet_stack_output_failed": (_status, (_handle, c_uint64, POINTER(Addr), c_int32)),
}

#: The library's name in this package, and on a system where it is installed.
SONAME = "libraet.so.0"
#: What that needs on the system.
NEEDED = "libsodium, msgpack-c and jansson (on Debian: libsodium23 libmsgpackc2 libjansson4)"


def load() -> ctypes.CDLL:
    """Loads the library: what the environment variable LIBRAET_LIBRARY names (for developers), else the one in this
    package, else the system's. ImportError tells what is wrong."""
    named = os.environ.get("LIBRAET_LIBRARY")
    bundled = Path(__file__).resolve().parent / SONAME
    path = named or (str(bundled) if bundled.is_file() else SONAME)
    try:
        library = ctypes.CDLL(path)
    except OSError as reason:
        where = "named by LIBRAET_LIBRARY" if named else "in the package or on the system"
        raise ImportError(
            f"libraet: the shared library {path} ({where}) cannot be loaded: {reason}. It needs {NEEDED}"
        ) from reason
    for name, (result, parameters) in FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError as reason:
            raise ImportError(f"libraet: {path} is no libraet of this version: it has no {name}") from reason
        function.restype = result
        function.argtypes = parameters
    found = int(library.raet_version())
    if found < VERSION_NUMBER or found >> 16 != VERSION_NUMBER >> 16:
        raise ImportError(f"libraet: {path} has version {found:#08x}, and {VERSION_NUMBER:#08x} or later is needed")
    return library


#: The library, loaded once.
lib = load()
