#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deps.sh: install what scripts/packages names and this machine lacks.

. "$(dirname "$0")/lib.sh"
list=$top/scripts/packages

codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
case $codename in
bookworm | trixie) ;;
*) die "this needs Debian 12 or 13 (found: $(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-unknown}"))" ;;
esac

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
while read -r name _; do
	case $name in '' | '#'*) continue ;; esac
	release=${name#*@}
	[ "$release" = "$name" ] || [ "$release" = "$codename" ] || continue
	alternatives=${name%@*}
	have=0
	for p in ${alternatives//|/ }; do
		installed "$p" && have=1
	done
	[ $have = 1 ] || missing+=("${alternatives%%|*}")
done <"$list"
[ ${#missing[@]} -gt 0 ] || exit 0

apt="apt-get install --no-install-recommends ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
	as_root=sudo
else
	die "packages are missing; as root run: $apt"
fi

say INSTALL "${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 \
		install --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
# An index may be missing or name versions that are gone: refresh and try again.
install || {
	$as_root apt-get -q update >>"$log" 2>&1
	install
} || {
	tail -5 "$log" >&2
	die "cannot install packages (network? disk?); as root run: apt-get update && $apt"
}
