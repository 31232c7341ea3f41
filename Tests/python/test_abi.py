"""The declarations for ctypes are those of raet.h."""

from __future__ import annotations

import ctypes
import re
import unittest

from support import REPOSITORY

from libraet import _abi, enums

HEADER = REPOSITORY / "Include" / "raet.h"


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


@unittest.skipUnless(HEADER.exists(), "raet.h is not here")
class HeaderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.text = without_comments(HEADER.read_text())
        self.constants = {
            name: int(value, 0) for name, value in re.findall(r"\bRAET_([A-Z0-9_]+)\s*=\s*(-?\w+)", self.text)
        }
        for name, value in re.findall(r"#define RAET_([A-Z0-9_]+) (\w+)", self.text):
            if value[0].isdigit():
                self.constants[name] = int(value.rstrip("u"), 0)

    def test_every_function_is_declared_and_no_other(self) -> None:
        functions = set(re.findall(r"RAET_API[^;(]*?\b(raet_\w+)\(", self.text))
        self.assertGreater(len(functions), 50)
        self.assertEqual(functions, set(_abi.FUNCTIONS))

    def test_every_function_takes_as_many_arguments(self) -> None:
        for name, parameters in re.findall(r"RAET_API[^;(]*?\b(raet_\w+)\(([^;]*)\);", self.text):
            expected = 0 if parameters.strip() == "void" else parameters.count(",") + 1
            self.assertEqual(len(_abi.FUNCTIONS[name][1]), expected, name)

    def test_every_function_has_arguments_of_the_right_size(self) -> None:
        wide, narrow = (
            ("uint64_t", "raet_remote", "raet_txn", "size_t"),
            ("uint32_t", "int32_t", "raet_enum", "raet_status"),
        )
        sizes = {**dict.fromkeys(wide, 8), **dict.fromkeys(narrow, 4)}
        for name, parameters in re.findall(r"RAET_API[^;(]*?\b(raet_\w+)\(([^;]*)\);", self.text):
            for declared, ours in zip(parameters.split(","), _abi.FUNCTIONS[name][1]):
                type_ = declared.replace("const ", "").split()[0]
                pointer = "*" in declared or type_.endswith("_fn")
                expected = 8 if pointer else sizes[type_]
                self.assertEqual(ctypes.sizeof(ours), expected, f"{name}: {declared.strip()}")

    def test_constants_have_the_values_of_the_header(self) -> None:
        for name in dir(_abi):
            if re.match(r"(KEY|TYPE|LOG|WANT|KIND|ROUTER|ROUTE)_|(VERSION_NUMBER|MESSAGE_MAX)$", name):
                self.assertEqual(getattr(_abi, name), self.constants[name], name)
        keys = {name for name in self.constants if name.startswith("KEY_")}
        self.assertEqual(keys, {name for name in dir(_abi) if name.startswith("KEY_")})

    def test_enumerations_have_the_values_of_the_header(self) -> None:
        for enum, prefix in (
            (enums.EventType, "EV_"),
            (enums.AcceptMode, "ACCEPT_"),
            (enums.BodyKind, "BODY_"),
            (enums.HeadKind, "HEAD_"),
            (enums.Acceptance, ""),
            (enums.Direction, ""),
            (enums.Status, ""),
        ):
            for member in enum:
                self.assertEqual(self.constants[prefix + member.name], member.value, member)
            if prefix:
                found = [name for name in self.constants if name.startswith(prefix)]
                self.assertEqual(len(found), len(enum), enum)
        statuses = [name for name in self.constants if re.match(r"E[A-Z]+$", name)]
        self.assertEqual(len(statuses) + 1, len(enums.Status))

    def test_structures_have_the_fields_of_the_header(self) -> None:
        structures = {"raet_event": _abi.EventStruct, "raet_addr": _abi.Addr, "raet_store_ops": _abi.StoreOps}
        for name, struct in structures.items():
            body = re.search(r"typedef struct %s \{(.*?)\} %s;" % (name, name), self.text, flags=re.S)
            assert body
            fields = [re.search(r"\(\* RAET_OPT (\w+)\)|(\w+)(\[\d+\])?$", line.strip()) for line in body[1].split(";")]
            names = [match[1] or match[2] for match in fields if match]
            self.assertEqual(names, [field[0] for field in struct._fields_], name)


class OpenEnumTest(unittest.TestCase):
    def test_unknown_values_become_members_without_an_error(self) -> None:
        later = enums.EventType(99)
        self.assertEqual((later.value, later.name, str(later)), (99, "UNKNOWN_99", "UNKNOWN_99"))
        self.assertEqual(later, 99)
        self.assertIsInstance(later, enums.EventType)

    def test_other_types_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            enums.Status("EPENDING")  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
