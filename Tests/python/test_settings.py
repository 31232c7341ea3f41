"""Every setting of the library can be given, and wrong ones are named."""

from __future__ import annotations

import inspect
import re
import socket
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from support import REPOSITORY, RoadTest

import libraet
from libraet import _abi
from libraet._settings import SETTINGS

HEADER = REPOSITORY / "Include" / "raet.h"


class SettingsTest(RoadTest):
    @unittest.skipUnless(HEADER.exists(), "raet.h is not here")
    def test_every_key_of_a_configuration_has_a_setting(self) -> None:
        keys = re.findall(r"RAET_(KEY_\w+) = \d+,\s*/\*\*< [\w\[\]]+, C", HEADER.read_text())
        self.assertEqual({getattr(_abi, key) for key in keys}, {key for key, _ in SETTINGS.values()})

    def test_every_setting_is_an_argument_and_documented(self) -> None:
        arguments = {kind: inspect.signature(kind).parameters for kind in (libraet.Road, libraet.Lane)}
        for name in SETTINGS:
            self.assertTrue(any(name in taken for taken in arguments.values()), name)
        for kind, taken in arguments.items():
            for name in taken:
                self.assertRegex(kind.__doc__ or "", rf"\b{name}\b")

    def test_all_settings_are_taken(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            road = self.road(
                "alpha", endpoint="127.0.0.1:0", directory=Path(directory), store_kind="msgpack", main=True,
                accept=libraet.AcceptMode.ALWAYS, mutable=True, role="r", kind=7, sign_seed=b"\1" * 32,
                private=b"\2" * 32, head_kind="json", body_kind="msgpack", sign=False, encrypt=False,
                accept_unsigned=True, accept_clear=True, period=2.5, offset=0.25, interim=60, max_message=1_000_000,
                send_queue=2_000_000, receive_queue=3_000_000, message_timeout=30, max_remotes=10, max_pending=5,
                socket_buffer=1 << 20, window=64,
            )  # fmt: skip
            self.assertEqual((road.name, road.role, road.main), ("alpha", "r", True))
            self.assertEqual(road.body_kind, libraet.BodyKind.MSGPACK)
            for key, expected in {
                _abi.KEY_ACCEPT: 2, _abi.KEY_MUTABLE: 1, _abi.KEY_KIND: 7, _abi.KEY_HEAD_KIND: 1, _abi.KEY_SIGN: 0,
                _abi.KEY_ENCRYPT: 0, _abi.KEY_ACCEPT_UNSIGNED: 1, _abi.KEY_ACCEPT_CLEAR: 1,
                _abi.KEY_PERIOD_NS: 2_500_000_000, _abi.KEY_OFFSET_NS: 250_000_000, _abi.KEY_INTERIM_NS: 60 * 10**9,
                _abi.KEY_MAX_MESSAGE: 1_000_000, _abi.KEY_SEND_QUEUE: 2_000_000, _abi.KEY_RECEIVE_QUEUE: 3_000_000,
                _abi.KEY_MESSAGE_TIMEOUT_NS: 30 * 10**9, _abi.KEY_MAX_REMOTES: 10, _abi.KEY_MAX_PENDING: 5,
                _abi.KEY_SOCKET_BUFFER: 1 << 20, _abi.KEY_WINDOW: 64,
            }.items():  # fmt: skip
                self.assertEqual(road._setting(key), expected, key)

    def test_wrong_settings_are_named(self) -> None:
        for setting, value in {
            "kind": 256, "accept": "sometimes", "max_message": -1, "window": 2**64, "period": -1.0,
            "message_timeout": float("nan"), "head_kind": "binary", "body_kind": 5.0, "role": "a\0b",
            "directory": "\udc00\ud800", "main": 2,
        }.items():  # fmt: skip
            with self.assertRaises((libraet.InvalidArgument), msg=setting) as caught:
                self.road("a", **{setting: value})
            self.assertIn(setting, str(caught.exception))

    def test_configurations_are_freed(self) -> None:
        with unittest.mock.patch.object(_abi.lib, "raet_config_free", wraps=_abi.lib.raet_config_free) as free:
            self.road("a")
            self.assertEqual(free.call_count, 1)
            with self.assertRaises(libraet.InvalidArgument):
                self.road("a", kind=256)
            self.assertEqual(free.call_count, 2)

    def test_name_is_needed(self) -> None:
        for name in (None, "", "a/b" * 200, 5):
            with self.assertRaises(libraet.InvalidArgument):
                self.road(name)  # type: ignore[arg-type]

    def test_unknown_setting_is_refused(self) -> None:
        with self.assertRaises(TypeError):
            self.road("a", colour="blue")

    def test_name_of_a_host_is_looked_up(self) -> None:
        road = self.road("a", endpoint=("localhost", 0)) if socket.gethostbyname("localhost") == "127.0.0.1" else None
        if road:
            self.assertRegex(road.endpoint, r"^(127\.0\.0\.1|\[::1\]):[1-9]\d*$")

    def test_port_in_use_says_so(self) -> None:
        first = self.road("a")
        with self.assertRaises(libraet.SystemFailure) as caught:
            self.road("b", endpoint=first.endpoint)
        self.assertTrue(caught.exception.detail)

    def test_socket_of_the_programs_own(self) -> None:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
        road = self.road("a", endpoint=None, fd=own.detach())
        self.assertEqual(road.endpoint, f"127.0.0.1:{port}")


if __name__ == "__main__":
    unittest.main()
