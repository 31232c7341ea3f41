"""Roles of a road: keys, and who is accepted."""

from __future__ import annotations

from ctypes import byref, c_uint32, create_string_buffer
from typing import Optional, Union

from ._abi import lib
from ._handle import Handle, c_string, now
from .enums import Acceptance
from .errors import NotFound
from .keys import KeyLike, PublicKeys, key_bytes


def role_keys(stack: Handle, role: str) -> PublicKeys:
    """The public keys of a role that a stack knows."""
    verify, public = create_string_buffer(32), create_string_buffer(32)
    stack._call(lib.raet_role_keys, c_string(role), verify, public)
    return PublicKeys(verify.raw, public.raw)


class Roles(Handle):
    """The part of a road that has to do with keys. Acceptance is kept by role, which is an estate's name unless it was
    given another role."""

    @property
    def keys(self) -> PublicKeys:
        """The public keys of this road's own estate."""
        verify, public = create_string_buffer(32), create_string_buffer(32)
        self._call(lib.raet_stack_keys, verify, public)
        return PublicKeys(verify.raw, public.raw)

    def roles(self) -> dict[str, Acceptance]:
        """All known roles, in alphabetic order, and whether their keys are accepted."""
        found: dict[str, Acceptance] = {}
        role = ""
        while True:
            try:
                role = self._text(lib.raet_role_next, role.encode())
            except NotFound:
                return found
            found[role] = self.acceptance(role)

    def acceptance(self, role: str) -> Acceptance:
        """Whether a role's keys are accepted. `NotFound` when the role is not known."""
        out = c_uint32()
        self._call(lib.raet_role_status, c_string(role), byref(out))
        return Acceptance(out.value)

    def accept(self, role: str) -> None:
        """Accepts a known role's keys; joins that wait for it go on. `NotFound` when the role is not known."""
        self._change(lib.raet_role_set_status, c_string(role), Acceptance.ACCEPTED, now())

    def reject(self, role: str) -> None:
        """Rejects a known role's keys."""
        self._change(lib.raet_role_set_status, c_string(role), Acceptance.REJECTED, now())

    def pend(self, role: str) -> None:
        """Takes a decision back: a known role's keys wait for acceptance again."""
        self._change(lib.raet_role_set_status, c_string(role), Acceptance.PENDING, now())

    def pin(self, role: str, verify: Union[KeyLike, PublicKeys], public: Optional[KeyLike] = None) -> None:
        """Pins and accepts a role's keys before it ever joins: two keys (bytes, or hexadecimal), or `PublicKeys`.

        `Exists` when the role has other keys, `KeyInvalid` when these are none.
        """
        if isinstance(verify, PublicKeys):
            pair = verify
        elif public is None:
            raise TypeError("pin() takes both keys of a role: verify and public")
        else:
            pair = PublicKeys(key_bytes(verify), key_bytes(public))
        self._change(lib.raet_role_set_keys, c_string(role), pair.verify, pair.public, now())

    def forget(self, role: str) -> None:
        """Forgets a role's keys. `WrongState` when a remote has this role."""
        self._change(lib.raet_role_forget, c_string(role), now())

    def role_keys(self, role: str) -> PublicKeys:
        """The public keys of a known role."""
        return role_keys(self, role)
