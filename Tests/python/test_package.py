"""The package is a wheel for one platform with the shared library in it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from support import REPOSITORY

import libraet
from libraet import _abi

SOURCE = REPOSITORY / "Bindings" / "python"
CAN_BUILD = all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel"))


class VersionTest(unittest.TestCase):
    def test_package_has_the_version_it_was_written_for(self) -> None:
        number = _abi.VERSION_NUMBER
        self.assertEqual(libraet.__version__, f"{number >> 16}.{number >> 8 & 255}.{number & 255}")

    def test_library_tells_its_version(self) -> None:
        self.assertRegex(libraet.library_version, r"^\d+\.\d+\.\d+$")

    def test_public_names_exist(self) -> None:
        for name in libraet.__all__:
            self.assertTrue(hasattr(libraet, name), name)


class LoadTest(unittest.TestCase):
    def load(self, library: str) -> subprocess.CompletedProcess[str]:
        """Imports the package in a process of its own, with this library."""
        path = str(Path(libraet.__file__).parent.parent)
        return subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); import libraet"],
            env={**os.environ, "LIBRAET_LIBRARY": library},
            capture_output=True,
            text=True,
        )

    def test_library_that_is_not_there_is_named(self) -> None:
        ended = self.load("/nowhere/libraet.so")
        self.assertIn("ImportError: libraet: the shared library /nowhere/libraet.so", ended.stderr)
        self.assertIn("on Debian: libsodium23 libmsgpackc2 libjansson4", ended.stderr)

    def test_library_that_is_another_one_is_named(self) -> None:
        ended = self.load("libc.so.6")
        self.assertIn("ImportError: libraet: libc.so.6 is no libraet of this version", ended.stderr)


@unittest.skipUnless(SOURCE.exists() and CAN_BUILD, "no sources, or pip, setuptools or wheel is missing")
class WheelTest(unittest.TestCase):
    def build(self, library: str) -> tuple[subprocess.CompletedProcess[str], list[Path]]:
        """Builds a wheel of a copy of the sources, around this library."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        copy = Path(folder.name) / "source"
        (copy / "libraet").mkdir(parents=True)
        for file in [*SOURCE.glob("*.*"), *(SOURCE / "libraet").glob("*.py"), SOURCE / "libraet" / "py.typed"]:
            if file.is_file():
                (copy / file.relative_to(SOURCE)).write_bytes(file.read_bytes())
        ended = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder.name, str(copy)],
            env={**os.environ, "LIBRAET_LIBRARY": library},
            capture_output=True,
            text=True,
        )
        return ended, list(Path(folder.name).glob("*.whl"))

    def test_wheel_holds_the_library_and_is_for_this_platform(self) -> None:
        with tempfile.NamedTemporaryFile() as library:
            library.write(b"\x7fELF")
            library.flush()
            ended, wheels = self.build(library.name)
            self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(len(wheels), 1)
        self.assertTrue(re.search(r"-py3-none-linux_\w+\.whl$", wheels[0].name), wheels[0].name)
        with zipfile.ZipFile(wheels[0]) as wheel:
            self.assertEqual(wheel.read("libraet/libraet.so.0"), b"\x7fELF")
            self.assertIn("libraet/py.typed", wheel.namelist())
            self.assertIn("libraet/road.py", wheel.namelist())
            tags = wheel.read(next(name for name in wheel.namelist() if name.endswith("/WHEEL"))).decode()
        self.assertIn("Root-Is-Purelib: false", tags)

    def test_library_that_is_not_built_is_named(self) -> None:
        ended, wheels = self.build("")
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("the shared library is not built yet. Run 'make'", ended.stdout + ended.stderr)
        self.assertEqual(wheels, [])


if __name__ == "__main__":
    unittest.main()
