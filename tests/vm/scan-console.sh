#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scan-console.sh LOG: print what a kernel complains of in LOG; exit 1 if any.

log=${1:?usage: scan-console.sh LOG}
[ -r "$log" ] || { echo "no console log $log"; exit 1; }
pattern='KASAN:|UBSAN:|WARNING: |BUG: |Oops|Kernel panic|general protection fault|Call Trace:|possible (circular|recursive) locking|inconsistent lock state|suspicious RCU usage|sleeping function called from invalid context|scheduling while atomic|unreferenced object|blocked for more than|soft lockup|hard LOCKUP|rcu:.*(stall|self-detected)|refcount_t:|list_(add|del) corruption|DEBUG_LOCKS_WARN_ON|ODEBUG:|DMA-API:.*(error|leak)|Unable to handle kernel'
! tr -d '\r' <"$log" | grep -aE -A 24 "$pattern" | head -120 | grep . 
