#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# train.sh: what a training step costs, beside PyTorch's where python3-torch is
# installed (apt install python3-torch): batches of 64, Adam. Both take turns, ROUNDS
# (3) times; a figure is the best of them, for nothing makes a program faster than
# it is, and the shortest step is what the machine can do between other people's
# work. Prints a table.

. "$(dirname "$0")/../../scripts/lib.sh"
cd "$top" || exit 1
seconds=${BENCH_SECONDS:-3} rounds=${ROUNDS:-3}
declare -A arch
arch[mlp]=flatten,dense:128:relu,dense:10
arch[cnn]=unflatten:1:28:28,conv2d:16:3:relu,max_pooling2d:2,conv2d:32:3:relu,max_pooling2d:2,flatten,dense:10

# the system's Python has Debian's packages, whatever else stands in the path
for python in python3 /usr/bin/python3 ""; do
	[ -z "$python" ] || "$python" -c 'import torch' 2>/dev/null && break
done

# what a rasterizer computes, a processor does
rasterizer=$("$BUILD/accel" devices 2>/dev/null | grep -o -m1 llvmpipe)

row() { printf '%-34s %12s %14s %10s %10s\n' "$@"; }

ours() { # ARCH OPTIONS...: samples/s, samples/CPU-s, us a step, the shortest
	local layers=$1 out; shift
	out=$("$BUILD/accel" bench train --arch "$layers" --seconds "$seconds" --json "$@" 2>/dev/null) || return
	for key in samples_per_s samples_per_cpu_s step_us best_step_us; do
		grep -o "\"$key\": [^,}]*" <<<"$out" | cut -d' ' -f2
	done | xargs
}

torch() { # mlp|cnn THREADS: the same
	OMP_NUM_THREADS=$2 OPENBLAS_NUM_THREADS=$2 OMP_WAIT_POLICY=passive \
		"$python" - "$1" "$seconds" <<-'PY'
		import sys, time, torch
		from torch import nn
		torch.manual_seed(0)
		mlp = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
		cnn = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3),
		                    nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 10))
		m = mlp if sys.argv[1] == "mlp" else cnn
		opt, loss = torch.optim.Adam(m.parameters()), nn.CrossEntropyLoss()
		xs, ys = torch.rand(20, 64, 1, 28, 28), torch.randint(10, (20, 64))
		def step(i):
		    opt.zero_grad()
		    loss(m(xs[i % 20]), ys[i % 20]).backward()
		    opt.step()
		for i in range(25):
		    step(i)
		n, best, wall, cpu = 0, 1e9, time.monotonic(), time.process_time()
		while time.monotonic() - wall < float(sys.argv[2]):
		    start = time.monotonic()
		    step(n)
		    n, best = n + 1, min(best, time.monotonic() - start)
		wall, cpu = time.monotonic() - wall, time.process_time() - cpu
		print("%.0f %.0f %.1f %.1f" % (64 * n / wall, 64 * n / cpu, wall * 1e6 / n, best * 1e6))
		PY
}

# best: of several lines, the highest rates and the shortest times
best() {
	awk '{ for (i = 1; i <= 4; i++) if (NR == 1 || (i < 3 ? $i > b[i] : $i < b[i])) b[i] = $i }
	     END { if (NR) print b[1], b[2], b[3], b[4] }' "$1"
}
show() { # NAME FILE
	# shellcheck disable=SC2046
	[ ! -s "$2" ] || row "$1" $(best "$2")
}

tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
row "" samples/s samples/CPU-s "us a step" shortest
for a in mlp cnn; do
	for threads in 1 2; do
		: >"$tmp/ours"; : >"$tmp/torch"
		for ((i = 0; i < rounds; i++)); do
			ours "${arch[$a]}" --device cpu --threads $threads >>"$tmp/ours"
			[ -z "$python" ] || torch $a $threads >>"$tmp/torch"
		done
		show "$a, cpu, $threads thread(s)" "$tmp/ours"
		show "$a, PyTorch, $threads thread(s)" "$tmp/torch"
	done
	: >"$tmp/ours"; : >"$tmp/one"
	for ((i = 0; i < rounds; i++)); do
		ours "${arch[$a]}" --device vulkan >>"$tmp/ours"
		[ -n "$rasterizer" ] || continue
		ours "${arch[$a]}" --device vulkan --threads 1 >>"$tmp/one"
	done
	show "$a, vulkan" "$tmp/ours"
	show "$a, lavapipe, 1 thread(s)" "$tmp/one"
done
[ -n "$python" ] || echo "PyTorch is not installed: nothing to compare with"
exit 0
