# SPDX-License-Identifier: MIT
# Shared by the end-to-end tests: TAP, and a folder $T that goes with them. Source it.

. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
cd "$top" || exit 1
n=0
T=$(mktemp -d) || die "cannot make a temporary folder (disk full?)"
trap 'rm -rf "$T"' EXIT

result() { # RC TEXT [DETAIL]
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		[ -z "${3:-}" ] || printf '%s\n' "$3" | tail -20 | sed 's/^/# /'
		echo "not ok $n - $2"
	fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
