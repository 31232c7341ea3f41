"""Keys have 32 bytes, and secret ones are not shown."""

from __future__ import annotations

import unittest

from support import RoadTest

import libraet
from libraet import KeyInvalid, PublicKeys, SecretKeys
from libraet.keys import key_bytes


class KeyTest(unittest.TestCase):
    def test_keys_are_bytes_or_hexadecimal(self) -> None:
        self.assertEqual(key_bytes("ab" * 32), b"\xab" * 32)
        self.assertEqual(key_bytes(bytearray(32)), bytes(32))  # type: ignore[arg-type]

    def test_other_lengths_are_refused(self) -> None:
        for key in (b"", bytes(31), bytes(33), "ab" * 31, "zz" * 32):
            with self.assertRaises(KeyInvalid):
                key_bytes(key)

    def test_generated_keys_differ(self) -> None:
        self.assertNotEqual(SecretKeys.generate(), SecretKeys.generate())

    def test_public_keys_follow_from_secret_ones(self) -> None:
        keys = SecretKeys.generate()
        self.assertEqual(keys.public_keys, SecretKeys(keys.sign_seed, keys.private).public_keys)
        self.assertNotIn(keys.sign_seed, (keys.public_keys.verify, keys.public_keys.public))

    def test_secret_keys_are_not_shown(self) -> None:
        keys = SecretKeys.generate()
        for text in (repr(keys), str(keys)):
            self.assertNotIn(keys.private.hex(), text)
            self.assertNotIn(repr(keys.private), text)

    def test_wrong_secret_keys_are_not_shown(self) -> None:
        secret = "5ec3e7" * 8
        with self.assertRaises(libraet.RaetError) as caught:
            libraet.Road("a", endpoint="127.0.0.1:0", private=secret, sign_seed=bytes(32))
        self.assertNotIn(secret, str(caught.exception))
        self.assertIn("private", str(caught.exception))


class RoadKeysTest(RoadTest):
    def test_road_has_the_keys_given(self) -> None:
        keys = SecretKeys.generate()
        self.assertEqual(self.road("a", keys=keys).keys, keys.public_keys)
        self.assertEqual(self.road("b", sign_seed=keys.sign_seed, private=keys.private.hex()).keys, keys.public_keys)

    def test_pinned_role_is_accepted_with_its_keys(self) -> None:
        keys = SecretKeys.generate().public_keys
        road = self.road("a")
        road.pin("r", keys)
        road.pin("s", keys.verify.hex(), keys.public)
        self.assertEqual(road.roles(), {"r": libraet.Acceptance.ACCEPTED, "s": libraet.Acceptance.ACCEPTED})
        self.assertEqual(road.role_keys("s"), keys)

    def test_pinning_other_keys_is_refused(self) -> None:
        road = self.road("a")
        road.pin("r", SecretKeys.generate().public_keys)
        with self.assertRaises(libraet.Exists):
            road.pin("r", SecretKeys.generate().public_keys)
        with self.assertRaises(TypeError):
            road.pin("r", bytes(32))

    def test_decisions_about_a_role_can_be_changed(self) -> None:
        road = self.road("a")
        road.pin("r", SecretKeys.generate().public_keys)
        for decide, expected in (
            (road.reject, libraet.Acceptance.REJECTED),
            (road.pend, libraet.Acceptance.PENDING),
            (road.accept, libraet.Acceptance.ACCEPTED),
        ):
            decide("r")
            self.assertEqual(road.acceptance("r"), expected)

    def test_role_is_forgotten(self) -> None:
        road = self.road("a")
        road.pin("r", SecretKeys.generate().public_keys)
        road.forget("r")
        self.assertEqual(road.roles(), {})
        for unknown in (road.accept, road.reject, road.pend, road.forget, road.acceptance, road.role_keys):
            with self.assertRaises(libraet.NotFound):
                unknown("r")

    def test_keys_are_hashable_values(self) -> None:
        keys = PublicKeys(bytes(32), bytes(32))
        self.assertEqual({keys: 1}[PublicKeys("00" * 32, "00" * 32)], 1)  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
