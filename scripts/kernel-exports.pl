#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# kernel-exports.pl FILE...: what kernel sources export to modules, as the lines
# of a Module.symvers. Symbols that a macro exports are found where the macro is
# used in the same file; "name ## x" and plain parameters are put in.

use strict;
use warnings;

my %seen;

sub found {
	my ($symbol, $namespace) = @_;
	return if $symbol !~ /^\w+$/ || $seen{$symbol}++;
	$namespace //= '';
	print "0x00000000\t$symbol\tvmlinux\tEXPORT_SYMBOL_GPL\t$namespace\n";
}

# exports TEXT: each exported name, as it stands there, with its namespace
sub exports {
	my ($text) = @_;
	my @out;
	my $arg = qr/\s*([\w\s#]+?)\s*/;

	push @out, [$1] while $text =~ /\bEXPORT_(?:PER_CPU_)?SYMBOL(?:_GPL)?\($arg\)/g;
	push @out, [$1, $2]
		while $text =~ /\bEXPORT_SYMBOL_NS(?:_GPL)?\($arg,\s*"?(\w+)"?\s*\)/g;
	while ($text =~ /\bEXPORT_TRACEPOINT_SYMBOL(?:_GPL)?\($arg\)/g) {
		push @out, ["__tracepoint_$1"], ["__traceiter_$1"], ["__SCK__tp_func_$1"];
	}
	while ($text =~ /\bEXPORT_STATIC_CALL(?:_TRAMP)?(?:_GPL)?\($arg\)/g) {
		push @out, ["__SCT__$1"], ["__SCK__$1"];
	}
	return @out;
}

for my $path (@ARGV) {
	open(my $file, '<', $path) or die "$path: $!\n";
	my $text = do { local $/; <$file> };
	close($file);

	found(@$_) for exports($text);
	$text =~ s/\\\n/ /g;
	while ($text =~ /^[ \t]*#[ \t]*define[ \t]+(\w+)\(([\w\s,.]*)\)(.*EXPORT_.*)$/mg) {
		my ($macro, $params, $body) = ($1, $2, $3);
		my @params = $params =~ /(\w+)/g;
		my $uses = $text;
		my @exported = exports($body);

		while ($uses =~ /^[ \t]*\Q$macro\E\(([^()]*)/mg) {
			my @args = map { s/^\s+|\s+$//gr } split(/,/, $1);
			for (@exported) {
				my ($symbol, $namespace) = @$_;
				for my $i (0 .. $#params) {
					my $arg = $args[$i] // '';
					$symbol =~ s/\b$params[$i]\b/$arg/g;
				}
				$symbol =~ s/\s*##\s*//g;
				found($symbol, $namespace);
			}
		}
	}
}

# An assembler macro exports these, one for each register.
found("__x86_indirect_thunk_$_")
	for qw(rax rbx rcx rdx rsi rdi rbp), map { "r$_" } 8 .. 15;
