# SPDX-License-Identifier: MIT
# end.sh HOW: the machine ends while a controller runs; see panic.sh.
. "$top/tests/vm/guest/lib.sh"
load gpio-sim && sim_up && load testboard console=1 && load piaccel || exit 1
# printed on the console by tp_printk, once the console takes more than errors
echo 7 >/proc/sys/kernel/printk
echo 1 >/sys/kernel/tracing/events/piaccel/piaccel_trip/enable
exec "$build/vm/last_words" "$1"
