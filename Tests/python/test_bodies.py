"""Bodies are encoded and decoded as their kind says."""

from __future__ import annotations

import json
import sys
import unittest
from typing import Any
from unittest import mock

from support import HAS_MSGPACK

from libraet import BodyInvalid, BodyKind, _bodies


class EncodeTest(unittest.TestCase):
    def test_mapping_becomes_compact_json(self) -> None:
        kind, raw = _bodies.encode({"a": [1, None], "b": "ü"}, None, BodyKind.JSON)
        self.assertEqual((kind, raw), (BodyKind.JSON, '{"a":[1,null],"b":"ü"}'.encode()))

    def test_bytes_are_raw(self) -> None:
        for body in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
            self.assertEqual(_bodies.encode(body, None, BodyKind.JSON), (BodyKind.RAW, b"ab"))

    def test_bytes_with_a_kind_are_taken_as_encoded(self) -> None:
        self.assertEqual(_bodies.encode(b"{}", "json", BodyKind.JSON), (BodyKind.JSON, b"{}"))

    def test_other_types_are_refused(self) -> None:
        for body in ("text", 1, None, ["list"]):
            with self.assertRaises(TypeError):
                _bodies.encode(body, None, BodyKind.JSON)  # type: ignore[arg-type]

    def test_mapping_cannot_be_raw(self) -> None:
        with self.assertRaises(TypeError):
            _bodies.encode({}, "raw", BodyKind.JSON)

    def test_unknown_kind_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            _bodies.encode({}, "xml", BodyKind.JSON)

    def test_what_json_cannot_say_is_refused(self) -> None:
        cycle: dict[str, Any] = {}
        cycle["self"] = cycle
        for wrong in (float("nan"), "\ud800", cycle, {1, 2}, b"bytes", object(), {(1, 2): 3}):
            with self.assertRaises(BodyInvalid, msg=repr(wrong)) as caught:
                _bodies.encode({"a": wrong}, None, BodyKind.JSON)
            self.assertTrue(caught.exception.detail)


class DecodeTest(unittest.TestCase):
    def test_json(self) -> None:
        self.assertEqual(_bodies.decode(json.dumps({"a": 1}).encode(), BodyKind.JSON), {"a": 1})

    def test_no_bytes_are_an_empty_mapping(self) -> None:
        self.assertEqual(_bodies.decode(b"", BodyKind.JSON), {})

    def test_raw_stays_bytes(self) -> None:
        self.assertEqual(_bodies.decode(b"\x00", BodyKind.RAW), b"\x00")

    def test_what_is_not_json_is_refused(self) -> None:
        for raw in (b"{", b"\xff", b"[" * 100_000):
            with self.assertRaises(BodyInvalid):
                _bodies.decode(raw, BodyKind.JSON)


@unittest.skipUnless(HAS_MSGPACK, "the package msgpack is not installed")
class MsgpackTest(unittest.TestCase):
    def test_there_and_back(self) -> None:
        body = {"a": [1, None, "ü"], "b": b"\xff", "c": "x" * 40}
        kind, raw = _bodies.encode(body, "msgpack", BodyKind.JSON)
        self.assertEqual(kind, BodyKind.MSGPACK)
        self.assertEqual(_bodies.decode(raw, kind), body)

    def test_what_msgpack_cannot_say_is_refused(self) -> None:
        cycle: dict[str, Any] = {}
        cycle["self"] = cycle
        for wrong in (2**70, "\ud800", cycle, {1, 2}, object()):
            with self.assertRaises(BodyInvalid) as caught:
                _bodies.encode({"a": wrong}, "msgpack", BodyKind.JSON)
            self.assertTrue(caught.exception.detail)

    def test_strings_that_are_not_text_keep_their_bytes(self) -> None:
        body = _bodies.decode(b"\x81\xa1a\xa2\xff\xfe", BodyKind.MSGPACK)
        self.assertEqual(body["a"].encode("utf-8", "surrogateescape"), b"\xff\xfe")

    def test_what_is_not_msgpack_is_refused(self) -> None:
        for raw in (b"\xc1", b"\x82\xa1a", b"\x81" * 5000):
            with self.assertRaises(BodyInvalid):
                _bodies.decode(raw, BodyKind.MSGPACK)


class WithoutMsgpackTest(unittest.TestCase):
    def test_the_exception_says_what_to_install(self) -> None:
        with mock.patch.dict(sys.modules, {"msgpack": None}):
            with self.assertRaisesRegex(ImportError, r"pip install libraet\[msgpack\]"):
                _bodies.encode({}, "msgpack", BodyKind.JSON)
            with self.assertRaisesRegex(ImportError, r"pip install libraet\[msgpack\]"):
                _bodies.decode(b"\x80", BodyKind.MSGPACK)


if __name__ == "__main__":
    unittest.main()
