# SPDX-License-Identifier: MIT
# The first rule of docs/control.md, pasted as a reader would.
. "$top/tests/vm/guest/lib.sh"

tb=$build/tbctl
if [ ! -c /dev/testboard ] || [ ! -x "$tb" ] || [ ! -x "$build/accel" ]; then
	echo "1..0 # SKIP no test board, or accel was not built"
	exit 4
fi
warm
export PATH=$build:$PATH OPENBLAS_NUM_THREADS=1
"$tb" reset
awk '/^## A first rule/ { on = 1 } on && /^```$/ { exit } block; on && /^```sh/ { block = 1 }' \
	"$top/docs/control.md" >/run/first.sh
out=$(bash -m /run/first.sh 2>&1)
[ $? = 0 ] && grep -q 'first.yaml: 1 sensors, 0 models, 2 outputs, 2 rules.*nothing is wrong' <<<"$out"
result $? "its file is checked" "$out"
grep -q 'output fan on: door is on for 1 s' <<<"$out" && grep -q 'output lamp on: fan is on' <<<"$out"
result $? "its rules act" "$out"
grep -q 'accel run .*out.*GPIO23\|GPIO23.*out.*accel run' <<<"$out"; result $? "pinout shows who drives" "$out"
[ "$(tail -2 <<<"$out")" = $'0\n1' ]; result $? "and when it dies the fan stops and the lamp stays lit" "$out"
cd /run && sed -i 's/1 s/1 °C/' first.yaml
out=$("$build/accel" run first.yaml --check 2>&1); [ $? = 1 ] && grep -q 'first.yaml:9:24: a time like' <<<"$out"
result $? "its mistake is named with its place" "$out"

"$build/accelctl" release GPIO23 GPIO24 >/dev/null
"$tb" reset
echo "1..$n"
