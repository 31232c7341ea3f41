"""The list of mutants ends with a clear error as soon as it does not fit the engine, or itself."""
import pathlib
import tempfile
import unittest

import build

PROMISES = ['once', 'exact']
SOURCE = 'func f() {\n  one()\n  two()\n  two()\n}\n'
GOOD = '= first: once\nWhat it breaks.\n@ F.swift\n-  one()\n+  if !MUTANT { one() }\n'


def changed(text, source=SOURCE):
    def load(file):
        if file != 'F.swift':
            raise FileNotFoundError(file)
        return source
    return build.change(build.read(text, PROMISES), load)


class ListTests(unittest.TestCase):
    def drift(self, text, *words, source=SOURCE):
        with self.assertRaises(build.Drift) as caught:
            changed(text, source)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_each_mutant_has_a_switch_of_its_own(self):
        second = '= second: exact, once (SomeTests)\nMore.\n@ F.swift\n-func f() {\n+func f() { if MUTANT { return }\n'
        mutants = build.read(GOOD + second, PROMISES)
        self.assertEqual([(m.number, m.name, m.promises, m.suite) for m in mutants],
                         [(1, 'first', ['once'], ''), (2, 'second', ['exact', 'once'], 'SomeTests')])
        text = changed(GOOD + second)['F.swift']
        self.assertIn('  if !(Mutants.number == 1) { one() }\n', text)
        self.assertIn('{ if (Mutants.number == 2) { return }\n', text)

    def test_a_text_that_is_gone(self):
        self.drift(GOOD, 'first', '0 times in F.swift', 'one()', source='func f() {}\n')

    def test_a_text_that_is_there_twice(self):
        self.drift(GOOD.replace('one()', 'two()'), '2 times')

    def test_a_part_of_a_line_that_goes_on_is_no_match(self):
        self.drift(GOOD, '0 times', source='  one().more()\n')

    def test_a_file_that_is_gone(self):
        self.drift(GOOD.replace('F.swift', 'G.swift'), 'no G.swift')

    def test_two_mutants_of_the_same_lines(self):
        self.drift(GOOD + GOOD.replace('first', 'second'), 'second', 'another mutant')

    def test_a_mutant_that_cannot_be_switched(self):
        self.drift(GOOD.replace('MUTANT', 'true'), 'no MUTANT')

    def test_a_name_twice(self):
        self.drift(GOOD + GOOD, 'first', '2 mutants')

    def test_a_promise_that_there_is_not(self):
        self.drift(GOOD.replace('once', 'never'), 'no promise never')

    def test_a_mutant_that_breaks_nothing_it_names(self):
        self.drift(GOOD.replace(': once', ''), 'line 1')

    def test_a_mutant_that_changes_nothing(self):
        self.drift('= first: once\nWhat it breaks.\n', 'changes nothing')

    def test_a_mutant_that_does_not_say_what_it_breaks(self):
        self.drift(GOOD.replace('What it breaks.\n', ''), 'does not say')

    def test_lines_before_a_mutant_or_a_file(self):
        self.drift('+  one()\n' + GOOD, 'line 1')
        self.drift('= first: once\n+  one()\n', 'line 2')


class CopyTests(unittest.TestCase):
    def test_what_is_unchanged_is_not_written_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'above' / 'file'
            build.put(path, 'text')
            before = path.stat().st_mtime_ns
            build.put(path, 'text')
            self.assertEqual(path.stat().st_mtime_ns, before)
            build.put(path, 'other')
            self.assertEqual(path.read_text(), 'other')

    def test_the_manifest_keeps_the_tests_that_are_named(self):
        text = (build.ROOT / 'Package.swift').read_text()
        kept = build.manifest(text, {'RaetIOTests'})
        self.assertIn('"RaetIOTests"', kept)
        self.assertNotIn('"RaetWireTests"', kept)
        self.assertIn('"raet-sim"', kept)
        with self.assertRaises(build.Drift):
            build.manifest('let package = Package()', set())

    def test_the_promises_are_those_of_the_simulator(self):
        found = build.promises(build.ROOT)
        self.assertEqual(len(found), 15)
        self.assertIn('amplification', found)

    def test_the_list_fits_the_engine(self):
        mutants = build.read(build.LIST.read_text(), build.promises(build.ROOT))
        build.change(mutants, lambda file: (build.ROOT / file).read_text())


if __name__ == '__main__':
    unittest.main()
