#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The console scanner finds each kind of complaint, and only those. Prints TAP.

dir=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
n=0
result() { # RC NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# Lines as kernels 6.1 to 6.18 print them: CLASS, a blank, the line.
while read -r class line; do
	printf 'boot\r\n[    1.234567] %s\r\n[    1.3] next\r\nTESTRC=0\r\n' "$line" >"$log"
	out=$("$dir/scan-console.sh" -e "$log")
	[ $? = 1 ] && [[ $out == *":2: $class: $line"* ]]
	result $? "$class: $line"
	"$dir/scan-console.sh" -a "$class" "$log" >/dev/null
	result $? "-a $class allows it"
done <<'LINES'
kasan BUG: KASAN: slab-out-of-bounds in faultmod_init+0x1/0x2 [faultmod]
kasan BUG: KFENCE: use-after-free read in foo+0x1/0x2
ubsan UBSAN: array-index-out-of-bounds in driver/piaccel_line.c:7:3
sleep BUG: sleeping function called from invalid context at include/linux/sched/mm.h:330
sleep BUG: scheduling while atomic: insmod/40/0x00000002
lockdep WARNING: possible circular locking dependency detected
lockdep WARNING: possible recursive locking detected
lockdep WARNING: possible irq lock inversion dependency detected
lockdep WARNING: inconsistent lock state
lockdep WARNING: suspicious RCU usage
lockdep WARNING: bad unlock balance detected!
lockdep WARNING: lock held when returning to user space!
lockdep [ BUG: Invalid wait context ]
lockdep INFO: trying to register non-static key.
kmemleak unreferenced object 0x0000000061a3b000 (size 64):
kmemleak unreferenced pages of [piaccel]
kmemleak kmemleak: 8 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
kmemleak kmemleak: Kernel memory leak detector disabled
dma DMA-API: piaccel: device driver failed to check map error
warn WARNING: CPU: 0 PID: 40 at driver/piaccel_drv.c:12 foo+0x1/0x2 [piaccel]
warn WARNING: driver/piaccel_drv.c:12 at foo+0x1/0x2 [piaccel], CPU#0: insmod/40
hang rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
hang rcu: INFO: rcu_sched self-detected stall on CPU
hang INFO: task insmod:40 blocked for more than 60 seconds.
hang watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [insmod:40]
hang BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
oops BUG: kernel NULL pointer dereference, address: 0000000000000010
oops BUG: unable to handle page fault for address: ffffc90000000000
oops Oops: 0000 [#1] PREEMPT SMP NOPTI
oops Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]
oops general protection fault, probably for non-canonical address 0xdead: 0000 [#1]
oops Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
oops Internal error: Oops: 0000000096000004 [#1] SMP
oops kernel BUG at mm/slub.c:448!
panic Kernel panic - not syncing: Fatal exception
bug BUG: Bad page state in process insmod  pfn:12345
bug BUG kmalloc-64 (Tainted: G           O      ): Redzone overwritten
bug list_add corruption. prev->next should be next (x), but was y. (prev=z).
bug refcount_t: underflow; use-after-free.
LINES

cat >"$log" <<'LINES'
[    0.000000] Linux version 6.12.0
[    0.010000] kasan: KernelAddressSanitizer initialized
[    0.020000] kmemleak: Kernel memory leak detector initialized (mem pool available: 15839)
[    0.030000] DMA-API: preallocated 65536 debug entries
[    0.030000] DMA-API: debugging enabled by kernel config
[    0.100000] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on
[    1.000000] piaccel: loading out-of-tree module taints kernel.
[    1.000000] FAULT_INJECTION: forcing a failure.
[    1.000000] Call Trace:
[    1.000000] disabled: unreferenced object 0x1, WARNING: possible, refcount_t: x
[    1.000000] watchdog: Delayed init of the lockup detector failed: -19
ok 1 finds no BUG: KASAN: in a test's own words
# info: WARNING: possible circular locking is what this test provokes elsewhere
TESTRC=0
LINES
out=$("$dir/scan-console.sh" -e "$log") && [ -z "$out" ]
result $? "a clean console, and words like these in a test's output, are no complaint"

printf 'x[    1.234567] BUG: KASAN: x\n' >"$log"
! "$dir/scan-console.sh" "$log" >/dev/null
result $? "a kernel line behind a program's unfinished line is found"

printf '[    1.0] fine\n' >"$log"
"$dir/scan-console.sh" "$log" >/dev/null
result $? "without -e no end mark is needed"
"$dir/scan-console.sh" -e "$log" | grep -q ':1: end: '
result $? "a missing end mark is of class end"
echo 'TESTRC=1' >>"$log"
! "$dir/scan-console.sh" -e "$log" >/dev/null
result $? "TESTRC=1 is no success"
echo '# TESTRC=0' >>"$log"
! "$dir/scan-console.sh" -e "$log" >/dev/null
result $? "TESTRC=0 counts at the start of a line only"
: >"$log"
! "$dir/scan-console.sh" -e "$log" >/dev/null
result $? "an empty console is no success"
"$dir/scan-console.sh" "$log.none" >/dev/null 2>&1
[ $? = 2 ]
result $? "a console that cannot be read exits 2"
echo "1..$n"
