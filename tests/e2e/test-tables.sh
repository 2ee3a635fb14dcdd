#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Random tables, read by the library and by Python. Prints TAP. COUNT tables
# (1000) of the seed SEED (1).

. "$(dirname "$0")/../../scripts/lib.sh"
cd "$top" || exit 1
python=
for p in python3 /usr/bin/python3; do
	"$p" -c 'import csv' 2>/dev/null && python=${python:-$p}
	"$p" -c 'import pandas' 2>/dev/null && python=$p && break
done
[ -n "$python" ] || { echo "no python3"; exit 4; }
"$python" tests/exchange/tables.py "$BUILD/exchange/tables_dump" "${COUNT:-1000}" "${SEED:-1}"
