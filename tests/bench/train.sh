#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# train.sh: what a training step costs, beside PyTorch's where python3-torch is
# installed (apt install python3-torch): batches of 64, Adam, samples per second
# and per CPU-second. One run after the other on one machine; prints a table.

. "$(dirname "$0")/../../scripts/lib.sh"
cd "$top" || exit 1
seconds=${BENCH_SECONDS:-3}
declare -A arch
arch[mlp]=flatten,dense:128:relu,dense:10
arch[cnn]=unflatten:1:28:28,conv2d:16:3:relu,max_pooling2d:2,conv2d:32:3:relu,max_pooling2d:2,flatten,dense:10

row() { printf '%-34s %12s %14s %10s\n' "$@"; }

ours() { # NAME ARCH OPTIONS...
	local name=$1 layers=$2 out; shift 2
	out=$("$BUILD/accel" bench train --arch "$layers" --seconds "$seconds" --json "$@") || return
	get() { grep -o "\"$1\": [^,}]*" <<<"$out" | cut -d' ' -f2; }
	row "$name" "$(get samples_per_s)" "$(get samples_per_cpu_s)" "$(get step_us)"
}

torch() { # NAME mlp|cnn THREADS
	local out
	out=$(OMP_NUM_THREADS=$3 OPENBLAS_NUM_THREADS=$3 OMP_WAIT_POLICY=passive \
		python3 - "$2" "$seconds" <<-'PY'
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
		n, wall, cpu = 0, time.monotonic(), time.process_time()
		while time.monotonic() - wall < float(sys.argv[2]):
		    step(n)
		    n += 1
		wall, cpu = time.monotonic() - wall, time.process_time() - cpu
		print("%.1f %.1f %.2f" % (64 * n / wall, 64 * n / cpu, wall * 1e6 / n))
		PY
	) || return
	# shellcheck disable=SC2086
	row "$1" $out
}

row "" samples/s samples/CPU-s "us a step"
for a in mlp cnn; do
	for threads in 1 2; do
		ours "$a, cpu, $threads thread(s)" "${arch[$a]}" --device cpu --threads $threads
		if python3 -c 'import torch' 2>/dev/null; then
			torch "$a, PyTorch, $threads thread(s)" $a $threads
		fi
	done
	ours "$a, vulkan" "${arch[$a]}" --device vulkan 2>/dev/null
done
python3 -c 'import torch' 2>/dev/null || echo "PyTorch is not installed: nothing to compare with"
exit 0
