#!/bin/bash
# Installs the Python binding as its users do, and runs its tests against what was installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/binding.sh
binding_python
exec "$PYTHON" -m unittest discover -s Tests/python -v "$@"
