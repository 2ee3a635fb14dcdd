# SPDX-License-Identifier: MIT
# broken.sh: each mistake of tests/vm/breaks that a test must notice, under that
# test alone. $out/tested has the rows "NAME PROGRAM TEST"; what the program said
# goes to $out/broken-tap/NAME.
. "$top/tests/vm/guest/lib-debug.sh"
# no machine is so slow; a mistake need not be waited for any longer
export PIACCEL_TEST_MODE=$mode PIACCEL_DEADLINE_MS=5000

load gpio-sim && sim_up || exit 1
while read -r name program test; do
	mark "break $name"
	export PIACCEL_MODULE=$out/ko/$name.ko
	load testboard && load "$name" || exit 1
	timeout -k 5 120 "$build/kselftest/$program" -t "$test" \
		>"$out/broken-tap/$name" 2>&1 </dev/null
	rmmod piaccel && rmmod testboard || exit 1
done <"$out/tested"
exit 0
