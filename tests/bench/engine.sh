#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# engine.sh: the engine's kernels side by side: this machine's first Vulkan device,
# the cpu backend, OpenBLAS called directly. Prints a table for
# docs/performance.md. A figure is the best of three medians of RUNS (9) runs: a
# machine is seldom idle, and nothing makes a program faster than it is. Rates are
# by CPU time, all threads together, for the same reason. The cpu backend and
# OpenBLAS have one processor, the same.

. "$(dirname "$0")/../../scripts/lib.sh"
runs=${RUNS:-9}
accel=$BUILD/accel
mkdir -p "$BUILD/bench" || die "cannot make $BUILD/bench"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra \
	$(pkg-config --cflags openblas) -o "$BUILD/bench/blas" \
	"$top/tests/bench/blas.c" $(pkg-config --libs openblas) ||
	die "blas.c does not build"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -I"$top/libaccel/include" \
	-o "$BUILD/bench/compile" "$top/tests/bench/compile.c" \
	-L"$BUILD" -laccel -Wl,-rpath,"$(realpath "$BUILD")" ||
	die "compile.c does not build"

# best: of lines "rate us us2" the highest rate and the lowest times
best() {
	awk '{ for (i = 1; i <= NF; i++)
		if ($i != "-" && (!(i in b) || (i == 1 ? $i > b[i] : $i < b[i]))) b[i] = $i }
	     END { for (i = 1; i <= 3; i++) printf "%s ", i in b ? b[i] : "-"; print "" }'
}
# bench OP SIZE DEVICE: "gflops_per_cpu_s median_us unfused_us", or dashes
bench() {
	local i one=()
	[ "$3" != cpu ] || one=(taskset -c 0)
	for i in 1 2 3; do : "$i"
		"${one[@]}" "$accel" bench "$1" --size "$2" --device "$3" --runs "$runs" --json 2>/dev/null |
			perl -MJSON::PP -e '
				my $t = join "", <STDIN>;
				my $r = $t ? JSON::PP->new->decode($t) : {};
				printf "%s %s %s\n", map { defined $r->{$_} ? sprintf("%.2f", $r->{$_}) : "-" }
					qw(gflops_per_cpu_s median_us unfused_us)'
	done | best
}
blas() {
	local i
	for i in 1 2 3; do : "$i"
		taskset -c 0 "$BUILD/bench/blas" "$1" "$runs" | cut -d' ' -f2
	done | best
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "-" || b == "-" || !b) print "-"; else printf "%.2f\n", a / b }'; }

driver=$("$accel" devices --json 2>/dev/null |
	perl -MJSON::PP -e '
		my $l = JSON::PP->new->decode(join "", <STDIN>);
		print @$l ? $l->[0]{driver} : "none"')
cat <<END

Command: \`make bench\`. Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) processors,
load $(cut -d' ' -f1 /proc/loadavg) before. Vulkan: $driver. Date: $(date +%F).

| GFLOP per CPU-second, f32 | Vulkan | cpu | OpenBLAS | cpu / OpenBLAS |
|---|---|---|---|---|
END
for n in 512 1000 1023 1024; do
	read -r v _ < <(bench matmul $n vulkan)
	read -r c _ < <(bench matmul $n cpu)
	read -r o _ < <(blas $n)
	echo "| matmul $n | $v | $c | $o | $(ratio "$c" "$o") |"
done
read -r v _ < <(bench conv 56 vulkan)
read -r c _ < <(bench conv 56 cpu)
echo "| conv 3x3, 64 to 64, 56x56 | $v | $c | | |"
cat <<END

| microseconds | Vulkan | cpu |
|---|---|---|
END
read -r _ vf vu < <(bench elementwise 1024 vulkan)
read -r _ cf cu < <(bench elementwise 1024 cpu)
echo "| five element-wise ops over 2^20 f32, fused | $vf | $cf |"
echo "| by one kernel each | $vu | $cu |"
echo "| times as long | $(ratio "$vu" "$vf") | $(ratio "$cu" "$cf") |"
read -r _ vs _ < <(bench submit 20 vulkan)
echo "| a graph of 20 kernels recorded and replayed, CPU time of the caller | $vs | |"
cat <<END

| a training step of GRU(16), seconds, cpu | the first, compiled | the second, replayed |
|---|---|---|
END
for n in 128 1000 4000; do
	read -r first second < <("$BUILD/bench/compile" $n cpu)
	echo "| $n steps of time | $first | $second |"
done
