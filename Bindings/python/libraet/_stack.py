"""The core of a road: everything that needs no waiting. `Road` adds a loop that blocks; `libraet.aio` has asyncio's."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import MutableMapping
from ctypes import byref, c_uint64
from typing import Optional, Union

from . import _abi
from ._abi import lib
from ._address import EndpointLike, family_of, resolve
from ._bodies import KindLike
from ._core import Core, Transfer
from ._handle import c_string
from ._roles import Roles
from ._settings import AcceptLike
from ._store import store_ops
from .enums import BodyKind, HeadKind, Status
from .errors import Exists
from .keys import KeyLike, SecretKeys
from .remote import Remote

__all__ = ["Stack", "Transfer"]


class Stack(Core, Roles):
    """A road without a loop of its own; see `Road`, which programs use."""

    def __init__(
        self,
        name: Optional[str] = None,
        *,
        endpoint: Optional[EndpointLike] = None,
        directory: Union[str, os.PathLike[str], None] = None,
        store: Optional[MutableMapping[str, bytes]] = None,
        store_kind: Optional[KindLike] = None,
        main: Optional[bool] = None,
        accept: Optional[AcceptLike] = None,
        mutable: Optional[bool] = None,
        role: Optional[str] = None,
        kind: Optional[int] = None,
        keys: Optional[SecretKeys] = None,
        sign_seed: Optional[KeyLike] = None,
        private: Optional[KeyLike] = None,
        head_kind: Union[HeadKind, str, None] = None,
        body_kind: Optional[KindLike] = None,
        sign: Optional[bool] = None,
        encrypt: Optional[bool] = None,
        accept_unsigned: Optional[bool] = None,
        accept_clear: Optional[bool] = None,
        period: Optional[float] = None,
        offset: Optional[float] = None,
        interim: Optional[float] = None,
        max_message: Optional[int] = None,
        send_queue: Optional[int] = None,
        receive_queue: Optional[int] = None,
        message_timeout: Optional[float] = None,
        max_remotes: Optional[int] = None,
        max_pending: Optional[int] = None,
        socket_buffer: Optional[int] = None,
        window: Optional[int] = None,
        fd: Union[int, socket.socket, None] = None,
        logger: Optional[logging.Logger] = None,
        log_level: Optional[int] = None,
    ) -> None:
        if keys is not None:
            sign_seed, private = keys.sign_seed, keys.private
        given = dict(
            name=name, endpoint=None if endpoint is None else resolve(endpoint), directory=directory,
            store_kind=store_kind, main=main, accept=accept, mutable=mutable, role=role, kind=kind, sign_seed=sign_seed,
            private=private, head_kind=head_kind, body_kind=body_kind, sign=sign, encrypt=encrypt,
            accept_unsigned=accept_unsigned, accept_clear=accept_clear, period=period, offset=offset, interim=interim,
            max_message=max_message, send_queue=send_queue, receive_queue=receive_queue,
            message_timeout=message_timeout, max_remotes=max_remotes, max_pending=max_pending,
            socket_buffer=socket_buffer, window=window,
        )  # fmt: skip
        logger = logger or logging.getLogger("libraet")
        self._begin(given, logger, log_level, None if store is None else store_ops(store, logger), fd)

    # Settings

    @property
    def role(self) -> str:
        """The role whose keys it has."""
        return self._text(lib.raet_stack_get_str, _abi.KEY_ROLE)

    @property
    def main(self) -> bool:
        """True for a main estate."""
        return self._setting(_abi.KEY_MAIN) != 0

    @property
    def body_kind(self) -> BodyKind:
        """How mappings are encoded when they are sent."""
        return BodyKind(self._setting(_abi.KEY_BODY_KIND))

    # Remotes

    def add_remote(self, endpoint: EndpointLike, name: Optional[str] = None) -> Remote:
        """Adds a remote, to be connected or joined. Without a name that is learnt in the join. Names of hosts are
        looked up, which may block. `Exists`, with `remote`, when there is one of this name."""
        address = resolve(endpoint, family_of(self.endpoint))
        number = c_uint64()
        label = None if name is None else c_string(name)
        status = self._status(lib.raet_remote_add, label, c_string(address), byref(number))
        if status == Status.EEXIST:
            known = self._remote(number.value)
            raise Exists(status, f"{name!r} is known, at {known.endpoint}", known)
        if status:
            self._fail(status)
        return self._remote(number.value)

    def _remote_at(self, endpoint: EndpointLike, name: Optional[str]) -> Remote:
        """The remote of this name and endpoint, added unless it is known. `Exists`: it is known elsewhere."""
        address = resolve(endpoint, family_of(self.endpoint))
        for remote in self.remotes:
            if remote.endpoint == address and name in (None, remote.name):
                return remote
        return self.add_remote(address, name)
