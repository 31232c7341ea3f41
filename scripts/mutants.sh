#!/bin/bash
# Builds the package with all deliberate bugs of Tests/mutants/mutants.txt and shows that each of them, or the one that
# is named, breaks a promise (docs/TESTING.md): scripts/mutants.sh [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1
python3 -m unittest discover -q -s Tests/mutants 2>&1 || { echo 'the tests of Tests/mutants fail'; exit 1; }
exec python3 Tests/mutants/run.py "$@"
