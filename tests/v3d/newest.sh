# SPDX-License-Identifier: MIT
# newest.sh: the lavapipe of Debian unstable with its C library, unpacked into
# the cache. Source it after scripts/lib.sh, with T a temporary folder.
#
# newest_fetch fails with its reason in the last line of $T/err (no network);
# after it newest COMMAND... runs a program on that driver.
arch=$(dpkg --print-architecture)
triplet=$(uname -m)-linux-gnu

get() { "$top/scripts/fetch.sh" sid "$arch" "$@"; }
# The libraries that an unpacked package asks for.
libraries() { # TREE
	dpkg-deb -f "$CACHE/debs/$(basename "$1").deb" Depends | tr ',' '\n' |
		sed 's/^ *//; s/[ :|(].*//' | grep '^lib'
}
# The driver, its libraries and those of its compiler; the host has the rest.
trees_of_driver() {
	local mesa llvm
	mesa=$(get mesa-vulkan-drivers) || return
	# shellcheck disable=SC2046 # a list of names
	trees=$(get $(libraries "$mesa")) || return
	llvm=$(grep '/libllvm' <<<"$trees") || return
	# shellcheck disable=SC2046
	trees="$mesa $trees $(get $(libraries "$llvm"))"
}

newest_fetch() {
	local t
	trees_of_driver 2>"$T/err" || return
	path='' loader=''
	for t in $trees; do
		path=$path$t/usr/lib/$triplet:
		case $t in */libc6_*) loader=$(echo "$t/usr/lib/$triplet"/ld-linux-*.so.*) ;; esac
	done
	cat >"$T/newest.json" <<-EOI
	{ "file_format_version": "1.0.0", "ICD": {
	  "library_path": "${trees%% *}/usr/lib/$triplet/libvulkan_lvp.so", "api_version": "1.3.0" } }
	EOI
}

# this machine's validation layer is older than what it would judge
newest() {
	env -u VK_INSTANCE_LAYERS VK_ICD_FILENAMES="$T/newest.json" \
		VK_DRIVER_FILES="$T/newest.json" ACCEL_CACHE_DIR='' \
		"$loader" --library-path "$path/usr/lib/$triplet" "$@"
}
