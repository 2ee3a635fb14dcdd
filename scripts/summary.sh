#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# summary.sh: sum up every suite in build/results/.
. "$(dirname "$0")/lib.sh"
exec "$top/scripts/tap.sh" sum "$BUILD"/results/*.tap
