#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install.sh install|uninstall: called by make, which sets DESTDIR, PREFIX,
# LIBDIR, UDEVDIR, VERSION, SOMAJOR and TOOLS. One list serves both ways.

. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
D=${DESTDIR:-}

# MODE SOURCE TARGET, one installed file a line.
files() {
	local t h
	for t in $TOOLS; do echo "755 $BUILD/$t $PREFIX/bin/$t"; done
	for h in libaccel/include/accel/*.h; do
		echo "644 $h $PREFIX/include/accel/$(basename "$h")"
	done
	echo "644 uapi/linux/piaccel.h $PREFIX/include/linux/piaccel.h"
	echo "755 $BUILD/libaccel.so.$VERSION $LIBDIR/libaccel.so.$VERSION"
	echo "644 $BUILD/libaccel.a $LIBDIR/libaccel.a"
	echo "644 $BUILD/accel.pc $LIBDIR/pkgconfig/accel.pc"
	for t in $TOOLS; do
		echo "644 docs/$t.1 $PREFIX/share/man/man1/$t.1"
		echo "644 tools/$t/completion.bash $PREFIX/share/bash-completion/completions/$t"
	done
	echo "644 driver/90-piaccel.rules $UDEVDIR/90-piaccel.rules"
}
links() {
	echo "libaccel.so.$VERSION $LIBDIR/libaccel.so.$SOMAJOR"
	echo "libaccel.so.$SOMAJOR $LIBDIR/libaccel.so"
}

case ${1:-} in
install)
	files | while read -r mode src dst; do
		say INSTALL "$dst"
		install -D -m "$mode" "$src" "$D$dst" ||
			die "cannot write $D$dst; install as root, or set PREFIX or DESTDIR"
	done || exit 1
	links | while read -r to dst; do ln -sf "$to" "$D$dst" || exit 1; done || exit 1
	if [ -z "$D" ] && [ "$(id -u)" = 0 ]; then
		ldconfig
		! command -v udevadm >/dev/null || udevadm control --reload 2>/dev/null
	fi
	exit 0 ;;
uninstall)
	{ files; links | sed 's/^/- /'; } | while read -r _ _ dst; do
		rm -f "$D$dst" || die "cannot remove $D$dst"
	done || exit 1
	rmdir "$D$PREFIX/include/accel" 2>/dev/null
	[ -n "$D" ] || [ "$(id -u)" != 0 ] || ldconfig
	exit 0 ;;
*) die "usage: install.sh install|uninstall" ;;
esac
