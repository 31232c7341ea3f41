"""Puts the shared library into the wheel; nearly all else stands in pyproject.toml."""

import os
import shutil
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = Path(__file__).resolve().parent
#: The name under which the library lies in the package: its soname.
BUNDLED = "libraet.so.0"


def library() -> Path:
    """The shared library to bundle: LIBRAET_LIBRARY, else the one that `make` left in build/."""
    named = os.environ.get("LIBRAET_LIBRARY")
    path = Path(named) if named else HERE.parent.parent / "build" / BUNDLED
    if path.is_file():
        return path
    if named:
        sys.exit(f"libraet: LIBRAET_LIBRARY names {named}, but there is no such file")
    sys.exit(
        f"libraet: {path} does not exist: the shared library is not built yet. Run 'make' at the top of the "
        "repository first, or set LIBRAET_LIBRARY to the path of a libraet.so."
    )


class BuildWithLibrary(build_py):
    """Copies the shared library beside the modules."""

    def run(self) -> None:
        super().run()
        editable = getattr(self, "editable_mode", False)
        folder = (HERE if editable else Path(self.build_lib)) / "libraet"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library(), folder / BUNDLED)

    def get_outputs(self, include_bytecode: bool = True) -> "list[str]":
        return [*super().get_outputs(include_bytecode), os.path.join(self.build_lib, "libraet", BUNDLED)]


class PlatformWheel(bdist_wheel):
    """Any Python 3, for this platform alone: the library in it is machine code, but uses nothing of Python's."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> "tuple[str, str, str]":
        return ("py3", "none", super().get_tag()[2])


class PlatformDistribution(Distribution):
    """Goes to platlib, as what it holds depends on the platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    license="Apache-2.0",
    distclass=PlatformDistribution,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel},
)
