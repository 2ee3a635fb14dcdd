#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fetch.sh SUITE ARCH PACKAGE...: unpack Debian packages without installing them.
#
# SUITE is "host" (this machine's own release with its updates), "backports" or
# "sid". Prints one folder a package, in order. Packages come from the Debian
# mirror this machine already uses, through a private apt configuration, so any
# architecture can be had and nothing on the machine changes. Archives stay in
# the cache and are checked against the index's SHA-256 each time.

. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || die "usage: fetch.sh host|backports|sid ARCH PACKAGE..."
suite=$1 arch=$2; shift 2
need apt-get apt
cache_open

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
case $codename in
bookworm | trixie) ;;
*) die "this needs Debian 12 or 13 (found: $(. /etc/os-release && echo "${PRETTY_NAME:-unknown}"))" ;;
esac
case $suite in
host) dists=$codename ;;
backports) dists=$codename-backports ;;
sid) dists=sid ;;
*) die "unknown suite '$suite'" ;;
esac

A=$CACHE/apt/$dists-$arch
D=$CACHE/debs

# The machine's own mirrors: "URI CODENAME" of each Debian index it reads.
mirrors() {
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(LABEL)' \
		'Created-By: Packages' 2>/dev/null | sort -u
}

write_sources() {
	local m key=/usr/share/keyrings/debian-archive-keyring.gpg main
	m=$(mirrors)
	main=$(printf '%s\n' "$m" | awk -v c="$codename" '$2==c && $3=="Debian" {print $1; exit}')
	[ -n "$main" ] || die "apt knows no Debian mirror yet; run: apt-get update (as root)"
	if [ "$suite" = host ]; then
		printf '%s\n' "$m" | awk -v k=$key \
			'$3=="Debian" || $3=="Debian-Security" {
				printf "deb [signed-by=%s] %s %s main\n", k, $1, $2 }' | sort -u
	else
		printf 'deb [signed-by=%s] %s %s main\n' $key "$main" "$dists"
	fi
}

# TOOL ARGUMENTS...: a machine's own settings come after APT_CONFIG, and those
# of a container keep no cache of the index.
apt_() {
	local tool=$1; shift
	APT_CONFIG=$A/apt.conf "$tool" -o Dir::Cache::pkgcache=pkgcache.bin \
		-o Dir::Cache::srcpkgcache=srcpkgcache.bin "$@"
}

# A day-old index is fresh enough, unless the machine's mirrors have changed.
fresh() {
	[ -n "$(find "$A/updated" -mtime -1 2>/dev/null)" ] &&
		[ -z "$(find /etc/apt/sources.list* -newer "$A/updated" 2>/dev/null)" ]
}

setup() {
	! fresh || return 0
	mkdir -p "$A"/{lists/partial,archives/partial,conf} "$D" || return 1
	: >"$A/status"
	write_sources >"$A/sources.list.new" || exit 1
	cat >"$A/apt.conf" <<-EOC
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		Dir::State "$A";
		Dir::State::lists "$A/lists";
		Dir::State::status "$A/status";
		Dir::Cache "$A";
		Dir::Etc::sourcelist "$A/sources.list";
		Dir::Etc::sourceparts "$A/conf";
		Dir::Etc::preferencesparts "$A/conf";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Get::List-Cleanup "false";
	EOC
	if ! cmp -s "$A/sources.list.new" "$A/sources.list"; then
		mv "$A/sources.list.new" "$A/sources.list"
		rm -f "$A/updated"
	fi
	# without a network an old index serves
	if apt_ apt-get -q update >"$A/update.log" 2>&1 &&
	   ! grep -q '^[EW]: Failed' "$A/update.log"; then
		touch "$A/updated"
	elif [ -e "$A/updated" ]; then
		say WARN "no fresh package index for $dists/$arch; using the cached one"
		touch "$A/updated"
	else
		die "cannot read the package index of $dists/$arch (no network?): $(grep -m1 '^[EW]:' "$A/update.log")"
	fi
}

# one PACKAGE: fetch, check, unpack; prints the folder.
one() {
	local pkg=$1 show ver hash file deb tree
	show=$(apt_ apt-cache show --no-all-versions "$pkg" 2>/dev/null)
	ver=$(sed -n 's/^Version: //p' <<<"$show")
	hash=$(sed -n 's/^SHA256: //p' <<<"$show")
	file=$(sed -n 's/^Filename: //p' <<<"$show")
	[ -n "$hash" ] || die "$dists has no package $pkg for $arch"
	deb=$D/${file##*/}
	tree=$CACHE/tree/$(basename "${file##*/}" .deb)
	if [ -e "$deb" ] && [ "$(sha256sum <"$deb" | cut -d' ' -f1)" != "$hash" ]; then
		say WARN "${deb##*/} in the cache is damaged; fetching it again"
		rm -rf "$deb" "$tree"
	fi
	if [ ! -e "$deb" ]; then
		say FETCH "$pkg $ver ($arch)"
		need_space "$CACHE" 1024
		rm -rf "$D/part.$$" && mkdir -p "$D/part.$$"
		( cd "$D/part.$$" && apt_ apt-get -q download "$pkg=$ver" >"$A/download.log" 2>&1 ) ||
			die "cannot fetch $pkg $ver: $(grep -m1 '^E:' "$A/download.log")"
		mv "$D/part.$$"/*.deb "$deb" && rm -rf "$D/part.$$"
		[ "$(sha256sum <"$deb" | cut -d' ' -f1)" = "$hash" ] || {
			rm -f "$deb"
			die "$pkg $ver arrived damaged (wrong SHA-256); run the command again"
		}
	fi
	if [ ! -e "$tree/.complete" ]; then
		rm -rf "$tree" && mkdir -p "$tree"
		dpkg-deb -x "$deb" "$tree" && touch "$tree/.complete" ||
			die "cannot unpack ${deb##*/} into $tree (disk full?)"
	fi
	printf '%s\n' "$tree"
}

all() {
	setup || exit 1
	local p
	for p; do one "$p" || exit 1; done
}
fetch() { locked fetch all "${@:3}"; }
memo fetch "$suite" "$arch" "$@"
