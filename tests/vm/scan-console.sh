#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scan-console.sh [-e] [-a CLASS]... LOG: find the kernel's complaints in a console log.
#
# Prints each as "LOG:LINE: CLASS: text" with the lines that follow it, and exits
# 1; exits 0 when there is none and 2 when the log cannot be read. Classes: kasan
# ubsan lockdep sleep kmemleak dma warn bug oops panic hang end.
#
#   -e         the log must also hold the guest's end marker, TESTRC=0; a log
#              without it is of class "end"
#   -a CLASS   do not count this class: for a boot that provokes it
#
# Kernel lines only count at the start of a line or behind a time stamp, so a
# test may print what it likes. The console must show warnings: boot with
# loglevel=5 or more, since "quiet" hides everything from KERN_WARNING down.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

end=0 allow=" "
while getopts ea: opt; do
	case $opt in
	e) end=1 ;;
	a) allow="$allow$OPTARG " ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || { echo "usage: scan-console.sh [-e] [-a CLASS]... LOG" >&2; exit 2; }
log=$1
[ -r "$log" ] || { echo "error: cannot read the console log $log" >&2; exit 2; }

tr -d '\r\000' <"$log" | LC_ALL=C awk -v log_name="${log#"$top"/}" -v end="$end" \
	-v allow="$allow" '
function is(re) { return match(line, "^(" re ")") }

# The class of a kernel line that is a complaint, else "".
function class() {
	if (is("BUG: K(ASAN|FENCE|CSAN|MSAN): ")) return "kasan"
	if (is("UBSAN: ")) return "ubsan"
	if (is("BUG: (sleeping function called|scheduling while atomic)")) return "sleep"
	if (is("WARNING: (possible|inconsistent|suspicious|bad unlock|bad contention|held lock|lock held|Nested lock|nested lock|.*still (held|has locks)|.*lock order)")) return "lockdep"
	if (is("\\[ BUG: |DEBUG_LOCKS_WARN_ON|INFO: (trying to register non-static|possible )|turning off the locking")) return "lockdep"
	if (is("BUG: (MAX_LOCK|MAX_STACK|key .* has not been|.*lock held at|workqueue leaked lock)")) return "lockdep"
	if (is("unreferenced (object 0x|pages of )|kmemleak: [0-9]+ new suspected|kmemleak: (Kernel memory leak detector disabled|Memory pool empty)")) return "kmemleak"
	if (is("DMA-API: .*(device driver|error|out of memory|exceeded|cacheline)")) return "dma"
	if (is("WARNING: ")) return "warn"
	if (is("(rcu: )?INFO: rcu_[^ ]* (self-)?detected|INFO: task .* blocked for more|(NMI )?watchdog: (BUG: |.*hard LOCKUP)|BUG: workqueue lockup")) return "hang"
	if (is("Oops|Internal error: |BUG: (kernel NULL|unable to handle|Bad rss)|Unable to handle kernel|general protection fault|kernel BUG at|invalid opcode: |stack segment: |Kernel mode fault")) return "oops"
	if (is("Kernel panic")) return "panic"
	if (is("BUG: |BUG [^ ]+ \\(|list_(add|del) corruption|refcount_t: |ODEBUG: .*(active|Out of memory|disabled)|INFO: lockdep is turned off")) return "bug"
	return ""
}

{
	line = $0
	if (line ~ /^TESTRC=0$/) done = 1
	# what stands behind the last time stamp
	while (match(line, /\[ *[0-9]+\.[0-9]+\](\[ *[TC][0-9]+\])? /))
		line = substr(line, RSTART + RLENGTH)
	sub(/^<[0-9]>/, "", line)
	c = class()
	if (c != "" && !index(allow, " " c " ")) {
		found++
		rest = 24
		if (shown < 400)
			printf "%s:%d: %s: %s\n", log_name, NR, c, line
		else
			hidden++
		shown++
	} else if (rest > 0) {
		rest--
		if (shown++ < 400)
			print "    " line
		if (line ~ /^---\[ end trace/)
			rest = 0
	}
	if (line != "")
		last[++n % 8] = line
}

END {
	if (hidden)
		printf "%s: %d more\n", log_name, hidden
	if (end && !done && !index(allow, " end ")) {
		found++
		printf "%s:%d: end: no TESTRC=0: the machine died, hung or its test failed; the last lines:\n", log_name, NR
		for (i = n > 7 ? n - 7 : 1; i <= n; i++)
			print "    " last[i % 8]
	}
	exit found > 0
}'
exit "${PIPESTATUS[1]}"
