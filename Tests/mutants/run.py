"""Shows that the checks can fail: runs the simulator, and some unit tests, with one deliberate bug after the other.

    run.py [--record] [--again] [NAME...]    all mutants, or those that are named

Each has to break one of the promises that it names within 2,000 seeds, by a seed that breaks none without it. The seed of
caught.txt is tried before all others; --record writes there which were found. With --again only the mutants of caught.txt
are tried, within few seeds: what was caught is caught still. Ends
with 1 when one does not, or when a promise was broken by fewer than two mutants, and with 2 when the list does not fit
the engine."""
import bisect
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import threading

import build

SEEDS = 2000
SEEDS_AGAIN = 300  # when the one that caught it the last time does not
SECONDS = 500  # for one mutant
LEAST = 2  # mutants that break a promise
CAUGHT = build.ROOT / 'Tests' / 'mutants' / 'caught.txt'
SCRATCH = build.ROOT / '.build' / 'mutants'
SIMULATOR = SCRATCH / 'release' / 'raet-sim'
TESTS = SCRATCH / 'debug' / 'raetPackageTests.xctest'
BROKEN = re.compile(r'seed (\d+) broke the promise (\w+): (.*)')


def environment(mutant):
    return dict(os.environ, RAET_MUTANT=str(mutant), RAET_SIM_WORKERS='1')


def simulate(mutant, *words):
    """What the simulator says, line by line, and then how it ended. It is killed when nobody wants more of it, or when
    its time is over: None then."""
    command = [SIMULATOR, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=environment(mutant)) as process:
        late = threading.Event()
        timer = threading.Timer(SECONDS, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            yield from process.stdout
            yield None if late.is_set() else process.wait()
        finally:
            timer.cancel()
            process.kill()


def ending(mutant, *words):
    *_, code = simulate(mutant, *words)
    return code


def died(code):
    return code is not None and code < 0


def catch(mutant, hint, seeds):
    """The place, the promise and the words by which a mutant was caught, or None, None and why not. Which seed is tried
    first decides nothing but how long it takes."""
    if mutant.suite:
        return catch_by_tests(mutant)
    if build.REPEAT in mutant.promises:
        first, second = (list(simulate(mutant.number, 1, 60, 'hash')) for _ in range(2))
        differ = first != second
        return ('1-60', build.REPEAT, 'two runs differ') if differ else (None, None, 'two runs are equal')
    if hint and 'calls' not in mutant.promises:
        place, promise, text = catch_within(mutant, hint, 1)
        if place:
            return place, promise, text
    return catch_within(mutant, 1, seeds)


def catch_within(mutant, first, count):
    """The same, with so many seeds."""
    others = collections.Counter()
    for line in simulate(mutant.number, first, count, count):
        if line is None:
            return None, None, f'not ended after {SECONDS} s {dict(others) or ""}'
        if isinstance(line, int):
            if died(line) and 'calls' in mutant.promises:
                return first_death(mutant), 'calls', 'the process died'
            return None, None, f'ended with {line} {dict(others) or ""}'
        found = BROKEN.match(line)
        if not found:
            continue
        seed, promise, text = found.groups()
        if promise not in mutant.promises:
            others[promise] += 1
        elif ending(0, seed) == 0:
            return seed, promise, text
    raise AssertionError('a simulation without an end')


def hints():
    """The seeds that caught each mutant the last time, by its name."""
    try:
        pairs = (line.split() for line in CAUGHT.read_text().splitlines())
        return {name: int(seed) for name, seed in pairs}
    except FileNotFoundError:
        return {}


def record(places):
    CAUGHT.write_text(''.join(f'{name} {place}\n' for name, place in sorted(places.items()) if str(place).isdigit()))


def first_death(mutant):
    """The seed that kills the process, which cannot tell any more."""
    counts = range(1, SEEDS + 1)
    return str(counts[bisect.bisect_left(counts, True, key=lambda count: died(ending(mutant.number, 1, count, SEEDS)))])


def catch_by_tests(mutant):
    try:
        done = subprocess.run([TESTS, '--testing-library', 'swift-testing'], env=environment(mutant.number),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, cwd=build.COPY)
    except subprocess.TimeoutExpired:
        return None, None, f'not ended after {SECONDS} s'
    failed = re.search(r'Test "?(\w+)\S* .*?recorded an issue', done.stdout)
    if not failed and died(done.returncode) and 'calls' in mutant.promises:
        return mutant.suite, 'calls', 'the process died'
    if done.returncode == 0 or not failed:
        return None, None, f'the tests ended with {done.returncode}'
    return mutant.suite, mutant.promises[0], failed[1]


def compile_copy(mutants):
    products = [['-c', 'release', '--product', 'raet-sim']]
    if any(mutant.suite for mutant in mutants):
        products.append(['--build-tests'])
    for words in products:
        done = subprocess.run(
            ['swift', 'build', '--package-path', build.COPY, '--scratch-path', SCRATCH, *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f'the mutants do not compile:\n{done.stdout[-4000:]}')


def show(mutant, place, promise, text):
    found = f'{place:>6} {promise:13}' if place else f'{"-":>6} {"NOT CAUGHT":13}'
    print(f'{mutant.name:36} {found} {text}'[:150], flush=True)


def main(words):
    names = [word for word in words if not word.startswith('-')]
    recording, again = '--record' in words, '--again' in words
    try:
        mutants = build.make()
    except build.Drift as drift:
        print(f'Tests/mutants/mutants.txt: {drift}')
        return 2
    unknown = set(names) - {mutant.name for mutant in mutants}
    if unknown:
        print(f'no mutant {", ".join(sorted(unknown))}')
        return 2
    chosen = [mutant for mutant in mutants if (not names or mutant.name in names) and (not again or mutant.name in hints())]
    compile_copy(chosen)

    # None is on: what the mutants are to break has to hold.
    if ending(0, 1, 100, 1) not in (0, 3):
        print('a promise is broken without a mutant: make sim shows which')
        return 1
    if any(mutant.suite for mutant in chosen):
        place, _, text = catch_by_tests(build.Mutant(0, 'none', ['store'], 'none'))
        if place:
            print(f'a test fails without a mutant: {text}')
            return 1

    broken, missed, places = collections.Counter(), [], hints()
    print(f'{"mutant":36} {"seed":>6} {"promise":13} how')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        seeds = SEEDS_AGAIN if again else SEEDS
        found = pool.map(lambda mutant: catch(mutant, places.get(mutant.name), seeds), chosen)
        for mutant, (place, promise, text) in zip(chosen, found):
            show(mutant, place, promise, text if place else f'{mutant.breaks} ({text})')
            if place:
                broken[promise] += 1
                places[mutant.name] = place
            else:
                missed.append(mutant.name)
    print('mutants by promise: ' + ', '.join(f'{name} {broken[name]}' for name in build.promises(build.ROOT)))
    if recording:
        record(places)
    weak = [] if names or again else [name for name in build.promises(build.ROOT) if broken[name] < LEAST]
    if weak:
        print(f'fewer than {LEAST} mutants have broken: {", ".join(weak)}')
    if missed:
        print(f'not caught within {seeds} seeds: {", ".join(missed)}')
    return 1 if weak or missed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
