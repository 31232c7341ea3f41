"""The C interface of libraet by ctypes: only what the tests need, and independent of Bindings/python on purpose."""

import ctypes
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "Include" / "raet.h"
LIBRARY = os.environ.get("LIBRAET_LIBRARY", str(ROOT / "build" / "libraet.so.0"))

u32, u64, i32 = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32
text, pointer, size_t = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
NEVER = 2**64 - 1


class Event(ctypes.Structure):
    _fields_ = [
        ("size", u32), ("type", u32), ("status", i32), ("os_errno", i32), ("remote", u64), ("txn", u64), ("tag", u64),
        ("time_ns", u64), ("body", pointer), ("body_len", size_t), ("body_kind", u32), ("flags", u32), ("name", text),
        ("pid", ctypes.c_int64), ("uid", u32), ("gid", u32)]


class Raet(Exception):
    """A call that failed."""

    def __init__(self, status, call, detail=""):
        self.status = status
        super().__init__(f"{call}: {status}{': ' if detail else ''}{detail}")


def constants():
    """The constants of the header by name, so that they are written down in one place only."""
    return {name: int(value, 0) for name, value in re.findall(r"\b(RAET_\w+) = (-?\w+)", HEADER.read_text("utf-8"))}


C = constants()
STATUS_NAMES = {value: name for name, value in C.items() if name == "RAET_OK" or value < 0}
EVENT_NAMES = {value: name[8:].lower() for name, value in C.items() if name.startswith("RAET_EV_")}

# What comes back (i32 is a status to be checked), then what goes in.
SIGNATURES = {
    "raet_version_string": (text, []),
    "raet_now": (u64, []),
    "raet_config_new": (i32, [u32, pointer]),
    "raet_config_free": (None, [pointer]),
    "raet_config_set_u64": (i32, [pointer, u32, u64]),
    "raet_config_set_str": (i32, [pointer, u32, text]),
    "raet_stack_new": (i32, [pointer, u64, pointer]),
    "raet_stack_open": (i32, [pointer, u64]),
    "raet_stack_close": (i32, [pointer, u64, u64]),
    "raet_stack_free": (None, [pointer]),
    "raet_stack_error": (text, [pointer]),
    "raet_stack_get_str": (i32, [pointer, u32, pointer, size_t, pointer]),
    "raet_stack_fd": ("number", [pointer]),
    "raet_stack_interest": (u32, [pointer]),
    "raet_stack_deadline": (u64, [pointer]),
    "raet_stack_service": (i32, [pointer, u64, u32]),
    "raet_stack_next_event": (i32, [pointer, pointer]),
    "raet_remote_add": (i32, [pointer, text, text, pointer]),
    "raet_remote_remove": (i32, [pointer, u64, u64]),
    "raet_remote_find": (i32, [pointer, text, pointer]),
    "raet_remote_next": (i32, [pointer, u64, pointer]),
    "raet_remote_get_u64": (i32, [pointer, u64, u32, pointer]),
    "raet_remote_get_str": (i32, [pointer, u64, u32, pointer, size_t, pointer]),
    "raet_connect": (i32, [pointer, u64, u64]),
    "raet_disconnect": (i32, [pointer, u64, u64]),
    "raet_join": (i32, [pointer, u64, u64, u64, pointer]),
    "raet_allow": (i32, [pointer, u64, u64, u64, pointer]),
    "raet_alive": (i32, [pointer, u64, u64, u64, pointer]),
    "raet_send": (i32, [pointer, u64, u64, u32, text, size_t, u64, u64, pointer]),
    "raet_transfer_next": (i32, [pointer, u64, pointer]),
    "raet_transfer_progress": (i32, [pointer, u64, pointer, pointer, pointer, pointer]),
    "raet_stack_keys": (i32, [pointer, pointer, pointer]),
    "raet_role_status": (i32, [pointer, text, pointer]),
    "raet_role_set_status": (i32, [pointer, text, u32, u64]),
    "raet_role_keys": (i32, [pointer, text, pointer, pointer]),
    "raet_role_next": (i32, [pointer, text, pointer, size_t, pointer]),
    "raet_stat_at": (i32, [pointer, u32, pointer, pointer]),
}


class Library:
    """The functions of SIGNATURES; those that give a status raise Raet unless it is RAET_OK or listed in `allow`."""

    def __init__(self):
        self.library = ctypes.CDLL(LIBRARY)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self.library, name)
            function.argtypes = arguments
            function.restype = i32 if result == "number" else result
            checked = result is i32
            setattr(self, name[5:], self.check(name, function) if checked else function)

    def check(self, name, function):
        def call(*arguments, allow=()):
            status = function(*arguments)
            if status != 0 and STATUS_NAMES.get(status) not in allow:
                detail = ""
                if name.startswith(("raet_stack", "raet_remote", "raet_role")) and name != "raet_stack_new":
                    detail = self.library.raet_stack_error(arguments[0]).decode("utf-8", "replace")
                raise Raet(STATUS_NAMES.get(status, status), name, detail)
            return status
        return call

    @staticmethod
    def read_text(function, *arguments):
        """Calls a function that fills a buffer, with 4 KiB."""
        buffer, need = ctypes.create_string_buffer(4096), size_t()
        function(*arguments, buffer, 4096, ctypes.byref(need))
        return buffer.value.decode("utf-8")
