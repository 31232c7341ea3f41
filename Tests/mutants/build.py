"""Copies the package to build/mutants with all mutants of mutants.txt in it, each switched on by its number in the
environment variable RAET_MUTANT. The engine's own sources know nothing of them.

Ends with an error when the text that a mutant replaces is not there exactly once: then the engine has changed, and the
mutant has to follow it."""
import dataclasses
import pathlib
import shutil
import sys

SWITCH = '''
import Glibc

/// The deliberate bug that is switched on, if any.
public enum Mutants {
  /// Its number, from the environment; 0 for none.
  public static let number = getenv("RAET_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
}
'''


class Drift(Exception):
    """A mutant does not fit the engine."""


@dataclasses.dataclass
class Mutant:
    name: str
    breaks: str = ''
    changes: list = dataclasses.field(default_factory=list)  # [file, old lines, new lines]


def read(text):
    """The mutants of a list."""
    mutants = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        mark, rest = line[0], line[1:]
        if mark == '=':
            mutants.append(Mutant(rest.strip()))
        elif not mutants:
            raise Drift(f'line {number}: no mutant has begun')
        elif mark == '@':
            mutants[-1].changes.append([rest.strip(), [], []])
        elif mark in '-+':
            if not mutants[-1].changes:
                raise Drift(f'line {number}: no file is named')
            mutants[-1].changes[-1][1 if mark == '-' else 2].append(rest)
        else:
            mutants[-1].breaks = line.strip()
    names = [mutant.name for mutant in mutants]
    if len(set(names)) != len(names):
        raise Drift('two mutants have one name')
    return mutants


def change(root, mutants):
    """Puts the mutants into the sources below root. All look for their text in the sources as they were: a mutant may
    not touch lines that another one has changed."""
    for number, mutant in enumerate(mutants, 1):
        if not mutant.changes:
            raise Drift(f'{mutant.name}: changes nothing')
        for file, old, new in mutant.changes:
            path = root / file
            source = path.read_text()
            before, after = '\n'.join(old) + '\n', '\n'.join(new) + '\n'
            found = source.count(before)
            if found != 1:
                raise Drift(f'{mutant.name}: its text is {found} times in {file}: {before.strip()}')
            if 'MUTANT' not in after:
                raise Drift(f'{mutant.name}: has no switch')
            source = source.replace(before, after.replace('MUTANT', f'(Mutants.number == {number})'))
            if 'import RaetWire' not in source and not file.startswith('Sources/RaetWire/'):
                source = 'import RaetWire\n' + source
            path.write_text(source)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    copy = root / 'build' / 'mutants'
    shutil.rmtree(copy / 'Sources', ignore_errors=True)
    copy.mkdir(parents=True, exist_ok=True)
    shutil.copytree(root / 'Sources', copy / 'Sources')
    for name in ['Include', 'Tests']:
        link = copy / name
        if not link.is_symlink():
            link.symlink_to(root / name)
    shutil.copy(root / 'Package.swift', copy)
    mutants = read((root / 'Tests' / 'mutants' / 'mutants.txt').read_text())
    try:
        change(copy, mutants)
    except Drift as drift:
        sys.exit(f'Tests/mutants/mutants.txt: {drift}')
    (copy / 'Sources' / 'RaetWire' / 'Mutants.swift').write_text(SWITCH.lstrip())
    for mutant in mutants:
        print(f'{mutant.name}\t{mutant.breaks}')


if __name__ == '__main__':
    main()
