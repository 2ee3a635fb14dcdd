# SPDX-License-Identifier: MIT
# Shared by the guest scripts of the debug kernels; over lib.sh.
. "$top/tests/vm/guest/lib.sh"
debugfs=/sys/kernel/debug

# All modules lie in one folder, the debug kernel's own and ours. The user-mode
# machine sees it elsewhere.
out=${out:-$build/races}
load() { insmod "$out/ko/$1.ko" "${@:2}"; }
loaded() { [ -d "/sys/module/${1//-/_}" ]; }

# mark TEXT: a line in the console, to see what a complaint belongs to.
mark() { echo "piaccel-test: $*" >/dev/kmsg; }

# leaks: kmemleak's findings go to the console; false if there is any. An object
# counts from its fifth second on, hence the wait; the second scan drops what
# the first mistook.
leaks() {
	sleep 6
	echo scan >$debugfs/kmemleak || return 1
	echo scan >$debugfs/kmemleak || return 1
	cat $debugfs/kmemleak >/tmp/leaks
	cat /tmp/leaks
	[ ! -s /tmp/leaks ]
}

# pages MODULE: whole pages it allocated and nobody freed, which kmemleak does not
# know, go to the console; false if there are any. The module must still be
# loaded. What the allocators keep in stock on its behalf is not its own.
pages() {
	local i
	# some are freed a little later, by a worker or after a grace period
	for ((i = 0; i < 5; i++)); do
		awk -v RS= -v module="[$1]" 'index($0, module) &&
			!/allocate_slab|new_slab|pte_alloc|pmd_alloc|pcpu_|stack_depot/ {
				print "unreferenced pages of " module "\n" $0 }' \
			$debugfs/page_owner_stacks/show_stacks >/tmp/pages || return 1
		[ -s /tmp/pages ] || return 0
		sleep 1
	done
	cat /tmp/pages
	return 1
}

# arm_faults: let /proc/self/fail-nth reach every allocation and every copy,
# without a stack dump each time. Nothing fails before a task asks for it.
arm_faults() {
	local f
	for f in failslab fail_page_alloc fail_usercopy; do
		echo 0 >$debugfs/$f/verbose || return 1
	done
	echo N >$debugfs/failslab/ignore-gfp-wait &&
		echo N >$debugfs/fail_page_alloc/ignore-gfp-wait &&
		echo N >$debugfs/fail_page_alloc/ignore-gfp-highmem &&
		echo 0 >$debugfs/fail_page_alloc/min-order &&
		[ -e /proc/self/fail-nth ]
}
