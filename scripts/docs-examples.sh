#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs-examples.sh [EXTRACT ONLY]: every C program in docs/uapi.md becomes
# build/docs/uapi-N.c and build/docs/uapi-N, N as it stands on the page. A
# warning is an error: what the page shows must compile as it is.

. "$(dirname "$0")/lib.sh"
doc=$top/docs/uapi.md
out=$BUILD/docs

mkdir -p "$out" || die "cannot make $out"
rm -f "$out"/uapi-*
n=$(awk -v out="$out" '
	/^## /     { title = substr($0, 4) }
	/^```c$/   { n++; file = sprintf("%s/uapi-%02d.c", out, n); code = 1
		     print title >sprintf("%s/uapi-%02d.txt", out, n); next }
	/^```/     { if (code) close(file); code = 0; next }
	code       { print >file }
	END        { print n + 0 }' "$doc") || die "cannot read $doc"
[ "$n" -gt 0 ] || die "$doc has no C program"
for c in "$out"/uapi-*.c; do
	${CC:-cc} -O2 -std=gnu11 -Wall -Wextra -Werror -I"$top/uapi" \
		-o "${c%.c}" "$c" || die "${c#"$top"/} (from docs/uapi.md) does not compile"
done
say DOCS "$n programs of docs/uapi.md compile"
