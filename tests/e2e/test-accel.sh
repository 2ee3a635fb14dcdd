#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tool's promises about devices and measurements: what it prints, the keys of
# its JSON, its errors. Prints TAP.

. "$(dirname "$0")/lib.sh"
accel=$BUILD/accel

# refused STATUS PATTERN ARGUMENT...: ends so, with one line that says so
refused() {
	local want=$1 pattern=$2 out rc; shift 2
	out=$("$accel" "$@" 2>&1 >/dev/null); rc=$?
	[ $rc = "$want" ] && grep -q -- "$pattern" <<<"$out"
	result $? "accel $*: refused" "status $rc: $out"
}
# keys OBJECT: its keys, in order
keys() { perl -MJSON::PP -e '
	my %o = %{JSON::PP->new->decode(join "", <STDIN>)};
	print join(" ", sort keys %o)' <<<"$1" 2>&1; }

common="device driver gflops gflops_per_cpu_s kernel median_us op runs schema size"
for op in matmul conv elementwise; do
	out=$("$accel" bench $op --device cpu --size 16 --runs 2 --json 2>&1)
	want=$common
	[ $op != elementwise ] || want="$common unfused_us"
	[ "$(keys "$out")" = "$want" ]
	result $? "accel bench $op --device cpu --json: one object with its keys" "$out"
done
out=$("$accel" bench matmul --device cpu --size 16 --runs 2 2>&1)
grep -q 'matmul 16 on cpu' <<<"$out" && grep -q 'GFLOP/s' <<<"$out"
result $? "without --json it is for people" "$out"

out=$("$accel" devices --json 2>&1)
perl -MJSON::PP -e '
	my $l = JSON::PP->new->decode(join "", <STDIN>);
	$l->{schema} == 1 or die "no schema\n";
	for my $d (@{$l->{devices}}) {
		for (qw(index name type driver uuid drm_node vulkan memory_bytes
		        import_dmabuf export_dmabuf import_host usable)) {
			exists $d->{$_} or die "no $_\n";
		}
	}' <<<"$out"
result $? "accel devices --json: a list of devices with their keys" "$out"
if grep -q '"devices":\[\]' <<<"${out// /}"; then
	for op in matmul conv elementwise submit; do
		skip "accel bench $op --device vulkan" "no Vulkan device"
	done
else
	for op in matmul conv elementwise submit; do
		out=$("$accel" bench $op --device vulkan --size 16 --runs 2 --json 2>&1)
		keys "$out" | grep -q "^$common"
		result $? "accel bench $op --device vulkan --json" "$out"
	done
	refused 3 "no such device" bench matmul --device "no such device"

	# accel tune: what it writes is what bench takes from then on
	cache=$T/cache; mkdir "$cache"
	export ACCEL_CACHE_DIR=$cache
	out=$("$accel" tune --runs 1 --json 2>&1)
	perl -MJSON::PP -e '
		my $t = JSON::PP->new->decode(join "", <STDIN>);
		@{$t->{rows}} == 54 or die "rows\n";
		for my $r (@{$t->{rows}}) {
			for (qw(op size kernel gflops builtin_gflops changed)) {
				exists $r->{$_} or die "no $_\n";
			}
		}
		-s $t->{table} or die "no table\n"' <<<"$out" 2>&1
	result $? "accel tune --json: a row a class of sizes, and a table" "$out"
	kernel() { "$accel" bench matmul --device vulkan --size 100 --runs 1 --json 2>"$cache/err" |
		perl -MJSON::PP -e 'print JSON::PP->new->decode(join "", <STDIN>)->{kernel}'; }
	table=$(echo "$cache"/*.tune)
	id=$(basename "$table" .tune | tr - " ")
	own=$("$accel" tune --reset >/dev/null 2>&1 && kernel)
	other=plain
	grep -q plain <<<"$own" && other=v3d
	{ echo "libaccel kernels 1"
	  echo "device $id -"
	  echo "matmul medium medium medium $other"
	  echo "end"; } >"$table"
	out=$(kernel)
	grep -q "^matmul_$other" <<<"$out" && [ ! -s "$cache/err" ]
	result $? "a table's kernel is the one that bench runs" "$own, then $out, $(cat "$cache/err")"
	# a hidden layer of 784 terms and 128 units over 100 rows: medium, medium, large
	model=$T/plan.safetensors
	"$accel" train --epochs 1 --data digits --device cpu --out "$model" >/dev/null 2>&1
	sed -i 's/^matmul.*/matmul medium medium large v3d/' "$table"
	out=$("$accel" plan "$model" --batch 100 --device vulkan 2>&1)
	grep -q 'matmul+add+relu .* matmul_v3d (tuned)$' <<<"$out"
	result $? "accel plan names the kernel that the table chose, and says so" "$out"
	out=$("$accel" plan "$model" --batch 100 --device vulkan --json 2>&1)
	perl -MJSON::PP -e '
		my $p = JSON::PP->new->decode(join "", <STDIN>);
		$p->{schema} == 1 && $p->{kernels} == @{$p->{steps}} && !$p->{on_host} or die;
		my $s = $p->{steps}[0];
		"$s->{kernel} $s->{why} @{$s->{shape}}" eq "matmul_v3d tuned 100 128" or die' <<<"$out" 2>&1
	result $? "accel plan --json is the same for programs" "$out"
	sed -i "s/^matmul.*/matmul medium medium medium $other/" "$table"
	sed -i s/$other/quick/ "$table"
	out=$(kernel)
	[ "$out" = "$own" ] && [ "$(grep -c "$table is damaged at line 3" "$cache/err")" = 1 ]
	result $? "a damaged one is ignored, with one message" "$out, $(cat "$cache/err")"
	"$accel" tune --reset >/dev/null 2>&1 && [ ! -e "$table" ] && [ "$(kernel)" = "$own" ]
	result $? "accel tune --reset: the built-in kernels again"
	ACCEL_CACHE_DIR='' refused 1 "no folder for the kernel table" tune
	refused 3 "no such device" tune --device "no such device"
	unset ACCEL_CACHE_DIR
fi

# a model of two inputs and two outputs is one plan
cat >"$T/two.c" <<'END'
#include <accel/accel.h>
int main(int argc, char **argv)
{
	accel_context *ctx = accel_open("cpu");
	accel_node *a = accel_input(ctx, ACCEL_SHAPE(4)), *b = accel_input(ctx, ACCEL_SHAPE(3));
	accel_node *o = accel_apply(accel_dense(2), accel_merge(accel_concatenate_layer(), a, b));
	accel_model *m = accel_model_create_with(ACCEL_NODES(a, b),
		ACCEL_NODES(o, accel_apply(accel_dense(1), o)));
	return argc < 2 || accel_save(m, argv[1]);
}
END
out=$(cc -Ilibaccel/include -Iuapi -o "$T/two" "$T/two.c" "$BUILD/libaccel.so" "-Wl,-rpath,$BUILD" 2>&1 &&
	"$T/two" "$T/two.safetensors" && "$accel" plan "$T/two.safetensors" --batch 3 --device cpu 2>&1)
grep -q 'f32  \[3, 2\] .* result 0 ' <<<"$out" && grep -q 'f32  \[3, 1\] .* result 1 ' <<<"$out"
result $? "accel plan takes a model of several inputs and outputs" "$out"
refused 1 "1000000000, 3. has too many elements" plan "$T/two.safetensors" --batch 1000000000 --device cpu
refused 3 "the cpu has no kernels" tune --device cpu
refused 2 "unexpected 'fast'" tune fast
refused 2 "did you mean --runs" tune --run 3
refused 2 "is not a whole number" tune --runs 0

refused 2 "usage" bench
refused 1 "no operation 'sorting'" bench sorting
refused 2 "not a whole number from 1 to 10^9" bench matmul --size 0
refused 2 "not a whole number from 1 to 10^9" bench matmul --size -3
refused 2 "not a whole number from 1 to 10^9" bench matmul --runs many
refused 1 "size 99999" bench matmul --device cpu --size 99999
refused 3 "no submits" bench submit --device cpu
refused 2 "usage" devices --everything
refused 2 "unknown command" dance
refused 2 "did you mean predict" perdict

# the manual knows every command and option; completion asks the tool itself
lost=
for c in $("$accel" --help | awk '/^  / {print $1}'); do
	section=$(awk -v c="$c" '/^\.TP/ { on = 0; getline; if ($0 ~ "^\\.B[IR]? \"?" c "( |\"|$)") on = 1 }
		/^\.SH LAYERS/ { exit } on' docs/accel.1 | tr -d '\134')
	[ -n "$section" ] || lost+=" $c"
	for o in $("$accel" "$c" --help | grep -oE '(^  |\[)--[a-z]+' | tr -d ' ['); do
		grep -q -- "$o\b" <<<"$section" || lost+=" $c$o"
	done
done
[ -z "$lost" ]
result $? "the man page knows every command and option" "$lost"
complete_line() { # WORD...: what completion offers for the last
	PATH=$BUILD:$PATH bash -c '. tools/accel/completion.bash
		COMP_WORDS=(accel "$@") COMP_CWORD=$#; _accel; echo "${COMPREPLY[*]}"' - "$@"
}
[ "$(complete_line pre)" = predict ] && [ "$(complete_line train --opt)" = --optimizer ] &&
	[ "$(complete_line train --optimizer ad)" = "adam adamw" ] &&
	[ "$(complete_line bench train --sec)" = --seconds ] && [ "$(complete_line bench m)" = matmul ] &&
	[ -z "$(complete_line eval room)" ]
result $? "completion offers commands, options and values" "$(complete_line train --opt)"

# a machine without a Vulkan driver: an empty list, a clear error, the cpu
none=${TMPDIR:-/tmp}/accel-no-icd-$$.json
echo '{}' >"$none"
export VK_ICD_FILENAMES=$none VK_DRIVER_FILES=$none
out=$("$accel" devices 2>/dev/null)
[ "$out" = "no Vulkan device: the CPU backend is used" ]
result $? "without a driver: accel devices says so" "$out"
out=$("$accel" devices --json 2>/dev/null)
[ "$(tr -d ' \n' <<<"$out")" = '{"schema":1,"devices":[]}' ]
result $? "without a driver: an empty list" "$out"
refused 3 "no device\|no such device\|no Vulkan" bench matmul --device vulkan
"$accel" bench matmul --device cpu --size 8 --runs 1 >/dev/null 2>&1
result $? "without a driver: the cpu works"
rm -f "$none"

echo "1..$n"
