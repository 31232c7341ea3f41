"""Runs the programs of a document as they stand: readme.py README.md FOLDER

A block of code is run when the line before its fence is <!-- run: c --> or <!-- run: python -->: the program must end
by itself with status 0. <!-- run: c & --> starts it and goes on: it runs beside the next blocks, and must end well too.
C programs are compiled with $CC $CFLAGS ... $LIBS. The folder takes the sources, named as by "file=NAME" after the
language of the fence, and the programs.
"""
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^<!-- run: (c|python)( &)? -->\n+```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 120
WARNINGS = ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror"]


def command(language: str, source: Path) -> list[str]:
    """What runs the program; a C program is compiled first."""
    if language == "python":
        return [sys.executable, str(source)]
    program = source.with_suffix("")
    words = {name: shlex.split(os.environ.get(name, default))
             for name, default in [("CC", "cc"), ("CFLAGS", ""), ("LIBS", "")]}
    compiler = [*words["CC"], *WARNINGS, *words["CFLAGS"], str(source), *words["LIBS"], "-o", str(program)]
    subprocess.run(compiler, check=True)
    return [str(program)]


def ends_well(name: str, process: subprocess.Popen) -> bool:
    """Waits for a program; False when it fails or does not end."""
    try:
        status = process.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        status = f"still running after {SECONDS} s"
    print(f"{name}: {'ends well' if status == 0 else status}", flush=True)
    return status == 0


def main(document: str, folder: str) -> int:
    """Runs every marked block, in order."""
    blocks = BLOCK.findall(Path(document).read_text(encoding="utf-8"))
    if not blocks:
        print(f"{document}: no block of code is marked to be run")
        return 1
    where = Path(folder).resolve()
    beside, good = [], True
    for number, (language, ampersand, _, info, code) in enumerate(blocks, 1):
        named = re.search(r"\bfile=(\S+)", info)
        source = where / (named[1] if named else f"block{number}.{'c' if language == 'c' else 'py'}")
        source.write_text(code, encoding="utf-8")
        process = subprocess.Popen(command(language, source), cwd=where)
        if ampersand:
            beside.append((source.name, process))
        else:
            good &= ends_well(source.name, process)
    return 0 if all([ends_well(*each) for each in beside]) and good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
