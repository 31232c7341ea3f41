"""Puts the deliberate bugs of a list into a copy of the package, each switched on by its number in the environment
variable RAET_MUTANT. The engine's own sources know nothing of them."""
import collections
import dataclasses
import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / 'Tests' / 'mutants' / 'mutants.txt'
COPY = ROOT / 'build' / 'mutants'
SWITCH = '''import CPosix

/// The deliberate bug that is switched on, if any.
enum Mutants {
  /// Its number, from the environment; 0 for none.
  static let number = getenv("RAET_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
}
'''
# Promises that no single run can break, but the comparison of two: that a seed repeats a run.
REPEAT = 'repeat'


class Drift(Exception):
    """The list does not fit the engine, or itself."""


@dataclasses.dataclass
class Mutant:
    """A deliberate bug."""
    number: int
    name: str
    promises: list  # one of them it has to break
    suite: str  # the unit tests that have to see it; empty: the simulator has to
    breaks: str = ''
    changes: list = dataclasses.field(default_factory=list)  # [file, old lines, new lines]


def read(text, promises):
    """The mutants of a list. Ends with Drift when it cannot be read, or names a promise that there is not."""
    mutants = []
    for at, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        mark, rest = line[0], line[1:]
        if mark == '=':
            mutants.append(header(len(mutants) + 1, rest, f'line {at}'))
        elif not mutants:
            raise Drift(f'line {at}: no mutant has begun')
        elif mark == '@':
            mutants[-1].changes.append([rest.strip(), [], []])
        elif mark in '-+':
            if not mutants[-1].changes:
                raise Drift(f'line {at}: no file is named')
            mutants[-1].changes[-1][1 if mark == '-' else 2].append(rest)
        else:
            mutants[-1].breaks = f'{mutants[-1].breaks} {line.strip()}'.strip()
    check(mutants, promises)
    return mutants


def header(number, text, place):
    """NAME: PROMISE, PROMISE ... or NAME: PROMISE (SUITE of unit tests)."""
    found = re.fullmatch(r'\s*(\w+): ([\w, ]+?)(?: \((\w+)\))?\s*', text)
    if not found:
        raise Drift(f'{place}: not "= NAME: PROMISE": {text.strip()}')
    return Mutant(number, found[1], [word.strip() for word in found[2].split(',')], found[3] or '')


def check(mutants, promises):
    for name, times in collections.Counter(mutant.name for mutant in mutants).items():
        if times > 1:
            raise Drift(f'{name}: {times} mutants have this name')
    for mutant in mutants:
        for promise in mutant.promises:
            if promise not in promises and promise != REPEAT:
                raise Drift(f'{mutant.name}: there is no promise {promise}')
        if not mutant.changes:
            raise Drift(f'{mutant.name}: changes nothing')
        if not mutant.breaks:
            raise Drift(f'{mutant.name}: does not say what it breaks')


def promises(root):
    """The promises that the simulator checks."""
    return re.findall(r'^  case (\w+)$', (root / 'Sources/RaetSimulator/Promise.swift').read_text(), re.M)


def change(mutants, load):
    """The files with the mutants in them, by name; `load` reads one. A text has to be there exactly once, in the file as
    it was: two mutants may not touch the same lines."""
    original, changed = {}, {}
    for mutant in mutants:
        for file, old, new in mutant.changes:
            if file not in original:
                try:
                    original[file] = changed[file] = load(file)
                except FileNotFoundError:
                    raise Drift(f'{mutant.name}: there is no {file}') from None
            before, after = '\n'.join(old) + '\n', '\n'.join(new) + '\n'
            found = original[file].count(before)
            if not old or found != 1:
                raise Drift(f'{mutant.name}: {found} times in {file}, not once:\n{before}')
            if changed[file].count(before) != 1:
                raise Drift(f'{mutant.name}: another mutant changes the same lines of {file}:\n{before}')
            if 'MUTANT' not in after:
                raise Drift(f'{mutant.name}: has no MUTANT to switch it on:\n{after}')
            changed[file] = changed[file].replace(before, after.replace('MUTANT', f'(Mutants.number == {mutant.number})'))
    return changed


def manifest(text, suites):
    """The package's manifest with the tests of these suites only, and CPosix for all that has a switch."""
    def keep(found):
        return found[0] if found[1] in suites else ''
    text, count = re.subn(r'    \.testTarget\(\s*name: "(\w+)".*?swiftSettings: tests\),\n', keep, text, flags=re.S)
    if not count:
        raise Drift('Package.swift: no test targets found')
    return re.sub(r'(\.target\(\s*name: "Raet(?:Session|Stack|Router)", dependencies: \[)', r'\1"CPosix", ', text)


def put(path, text):
    """Writes what differs only: what is unchanged is not compiled again."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make(root=ROOT, copy=COPY, list_path=LIST):
    """Makes the copy, and returns its mutants. Ends with Drift when one does not fit."""
    mutants = read(list_path.read_text(), promises(root))
    changed = change(mutants, lambda file: (root / file).read_text())
    for file in list(changed):
        changed[str(pathlib.Path(file).parent / 'Mutants.swift')] = SWITCH
    wanted = set(changed)
    for path in sorted((root / 'Sources').rglob('*')):
        if path.is_file():
            file = str(path.relative_to(root))
            wanted.add(file)
            changed.setdefault(file, path.read_text())
    for path in [path for path in (copy / 'Sources').rglob('*') if path.is_file()]:
        if str(path.relative_to(copy)) not in wanted:
            path.unlink()
    for file, text in changed.items():
        put(copy / file, text)
    put(copy / 'Package.swift',
        manifest((root / 'Package.swift').read_text(), {mutant.suite for mutant in mutants}))
    for name in ['Include', 'Tests']:
        if not (copy / name).is_symlink():
            shutil.rmtree(copy / name, ignore_errors=True)
            (copy / name).symlink_to(root / name)
    return mutants
