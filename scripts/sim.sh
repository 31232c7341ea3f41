#!/bin/bash
# Runs the simulator (docs/TESTING.md): SEEDS=2000 runs from FIRST=1, or SEED=n alone with all that happens in it. Ends
# with 1 when a promise was broken, and with 3 when 2,000 runs or more never met one of the faults or states.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
swift build -c release --scratch-path .build/sim --product raet-sim >build/sim.log 2>&1 || { tail -n 20 build/sim.log; exit 1; }
if [ -n "${SEED:-}" ]; then exec .build/sim/release/raet-sim "$SEED"; fi
exec .build/sim/release/raet-sim "${FIRST:-1}" "${SEEDS:-2000}"
