"""Writes the project's manifest, given on standard input, with the fuzzers in place of the tests."""
import sys

lines = sys.stdin.read().splitlines()
begin = next(index for index, line in enumerate(lines) if '.testTarget(' in line)
end = next(index for index, line in enumerate(lines) if line.strip() == '],' and index > begin)
fuzzers = '''    .target(
      name: "RaetFuzz",
      dependencies: [
        "RaetABI", "RaetSimulator", "RaetIO", "RaetRouter", "RaetStack", "RaetSession", "RaetWire", "RaetCrypto", "CRaet",
      ],
      path: "Tests/fuzz/Sources", swiftSettings: tests),'''
product = '    .library(name: "raet-fuzz", type: .static, targets: ["RaetFuzz"]),'
products = next(index for index, line in enumerate(lines) if line.strip() == 'products: [')
print('\n'.join(lines[:products + 1] + [product] + lines[products + 1:begin] + [fuzzers] + lines[end:]))
