#!/bin/sh
# SPDX-License-Identifier: MIT
# Finds what is unusual in a table, by the command line alone: an autoencoder
# learns the rows that are well, keeps a threshold, and says yes or no.
#
#   examples/anomaly.sh                      a pump that is made up
#   examples/anomaly.sh FILE.csv COLUMN      yours; COLUMN says what each row is
set -e
accel=${ACCEL:-accel}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
data=${1:-$dir/pump.csv}
label=${2:-state}

# A pump: current follows speed, vibration and temperature follow both. Of
# worn bearings each number is as ever, but they do not belong together.
[ $# -gt 0 ] || awk 'BEGIN {
	srand(7)
	print "time,speed,current,vibration,temperature,state"
	for (i = 0; i < 3000; i++) {
		worn = i % 60 == 59
		speed = 900 + 1800 * rand()
		load = worn ? rand() : speed / 2700
		printf "%d,%.0f,%.2f,%.2f,%.1f,%s\n", 1764300000 + 60 * i, speed,
			2 + 5 * speed / 2700 + 0.1 * rand(), 0.4 + 2 * load + 0.1 * rand(),
			35 + 30 * (worn ? rand() : load) + rand(), worn ? "worn" : "well"
	}
}' >"$data"

# Learns from the largest class alone; the threshold is above 98 % of its errors.
"$accel" train --data "$data" --label "$label" --task autoencode --arch dense:2,dense:4 \
	--quantile 0.98 --epochs 20 --lr 0.01 --validation 0.25 --out "$dir/model.safetensors"

# How good it is: AUC, precision and recall by the label.
"$accel" eval "$dir/model.safetensors" --data "$data" --label "$label"

# The error of each row, and whether it is above the threshold.
"$accel" predict "$dir/model.safetensors" --input "$data" | cut -f 2 | sort | uniq -c
