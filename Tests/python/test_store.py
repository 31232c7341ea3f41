"""What a road knows lasts over a restart, in a folder or in a store of the program's own."""

from __future__ import annotations

import gc
import logging
import signal
import tempfile
import unittest
import warnings
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from support import RoadTest

import libraet
from libraet import Status, _abi, _store


class StoreTest(RoadTest):
    def keeps_identity(self, **settings: Any) -> None:
        main = self.road("main")
        beta = self.road("beta", **settings)
        keys = beta.keys
        peer = beta.connect(main.endpoint, wait=False)
        self.settle(lambda: peer.allowed and len(main.remotes) == 1 and main.remotes[0].allowed, main, beta)
        beta.close(0)
        again = self.road("beta", **settings)
        self.assertEqual(again.keys, keys)
        self.assertEqual([remote.name for remote in again.remotes], ["main"])
        known = again.connect(main.endpoint, wait=False)
        self.assertEqual(known.name, "main")
        self.settle(lambda: known.allowed, main, again)
        self.assertEqual(len(main.remotes), 1)

    def test_folder_keeps_identity_and_remotes(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            self.keeps_identity(directory=directory)
            self.assertTrue(any(Path(directory).rglob("*.json")))

    def test_mapping_keeps_identity_and_remotes(self) -> None:
        records: dict[str, bytes] = {}
        self.keeps_identity(store=records)
        self.assertIn("local/estate.json", records)
        self.assertTrue(all(isinstance(record, bytes) for record in records.values()))

    def test_removed_remote_leaves_the_store(self) -> None:
        records: dict[str, bytes] = {}
        _, _, peer = self.pair(store=records)
        self.assertIn("remote/estate.main.json", records)
        peer.remove()
        self.assertNotIn("remote/estate.main.json", records)

    def test_folder_has_one_user_at_a_time(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            self.road("a", directory=directory)
            with self.assertRaises(libraet.StoreLocked):
                self.road("a", directory=directory)

    def test_folder_that_cannot_be_made_says_so(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            with self.assertRaises(libraet.RaetError) as caught:
                self.road("a", directory=Path(file.name) / "below a file")
        self.assertIn(caught.exception.name, ("RAET_EIO", "RAET_ESTORE"))

    def test_failing_store_is_reported_and_logged(self) -> None:
        class Failing(MutableMapping[str, bytes]):
            def __getitem__(self, key: str) -> bytes:
                raise KeyError(key)

            def __setitem__(self, key: str, record: bytes) -> None:
                raise RuntimeError("the disk is on fire")

            def __delitem__(self, key: str) -> None:
                raise KeyError(key)

            def __iter__(self) -> Iterator[str]:
                return iter(())

            def __len__(self) -> int:
                return 0

        with self.assertLogs("libraet", logging.ERROR) as logs:
            with self.assertRaises(libraet.SystemFailure):
                self.road("a", store=Failing())
        self.assertIn("the disk is on fire", "".join(logs.output))

    def test_record_that_is_no_bytes_is_reported_and_logged(self) -> None:
        records: dict[str, Any] = {}
        self.road("a", store=records).close(0)
        for wrong in (5, "text", ["list"]):
            with self.assertLogs("libraet", logging.ERROR) as logs, self.assertRaises(libraet.SystemFailure):
                self.road("a", store=dict.fromkeys(records, wrong))
            self.assertIn(f"a record is bytes, not {type(wrong).__name__}", "".join(logs.output))
        self.road("a", store={key: bytearray(record) for key, record in records.items()})

    def test_callbacks_always_have_a_status(self) -> None:
        class Endless(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                return range(2**70)  # not even its length can be told

        with self.assertLogs("libraet", logging.ERROR):
            ops = _store.store_ops(Endless(), logging.getLogger("libraet"))
            need = _abi.c_size_t()
            self.assertEqual(ops.load(None, b"key", None, 0, _abi.ctypes.byref(need)), Status.EIO)

    def test_interrupt_in_the_store_reaches_the_program(self) -> None:
        class Interrupted(dict[str, bytes]):
            interrupts = True

            def __setitem__(self, key: str, record: bytes) -> None:
                if self.interrupts:
                    signal.raise_signal(signal.SIGINT)
                super().__setitem__(key, record)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaises(KeyboardInterrupt):
                self.road("a", store=Interrupted())
            gc.collect()
        records = Interrupted()
        records.interrupts = False
        road = self.road("a", store=records)
        records.interrupts = True
        with self.assertLogs("libraet", logging.ERROR), self.assertRaises(KeyboardInterrupt):
            road.pin("b", libraet.SecretKeys.generate().public_keys)
        self.assertNotIn("b", road.roles())


if __name__ == "__main__":
    unittest.main()
