# SPDX-License-Identifier: MIT
# Loading and unloading: 100 times without a trace; refused while in use.
. "$top/tests/vm/guest/lib.sh"

n=0
result() { # RC TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n $2"; else echo "not ok $n $2"; fi
}
echo "1..7"

[ "$(stat -c '%F %a' /dev/piaccel)" = 'character special file 660' ]
result $? "/dev/piaccel is 0660"

exec 7<>/dev/piaccel
! rmmod piaccel 2>/dev/null && [ -d /sys/module/piaccel ]
result $? "rmmod is refused while a descriptor is open"
exec 7>&-

rmmod piaccel && [ ! -e /dev/piaccel ] && [ ! -d /sys/module/piaccel ]
result $? "rmmod removes device and module"

slab() { awk '/^SUnreclaim|^VmallocUsed|^Percpu/ {n += $2} END {print n}' /proc/meminfo; }
cycle() {
	local i
	for ((i = 0; i < $1; i++)); do
		load piaccel && rmmod piaccel || return 1
	done
}
# the first cycles fill caches that stay
cycle 10; result $? "10 cycles to warm up"
sync; before=$(slab)
cycle 100; result $? "100 load and unload cycles"
after=$(slab); grown=$((after - before))
echo "# kernel memory after 100 cycles: $grown KiB more ($before -> $after)"
# a single page lost each cycle would be 400 KiB
[ $grown -lt 300 ]; result $? "100 cycles leave no memory behind"

dmesg >/dev/null; lines=$(dmesg | grep -c 'piaccel: ABI')
load piaccel; now=$(dmesg | grep -c 'piaccel: ABI')
[ $((now - lines)) = 1 ] && [ -c /dev/piaccel ]
result $? "insmod prints one line"
