# What is said to the harness, and what all roles need.
package Harness;

use strict;
use warnings;
use Exporter "import";
use JSON::XS ();
use POSIX ();
use Time::HiRes ();

our @EXPORT = qw(now text say_ready say_begun say_result skip);

my $note;
my $json = JSON::XS->new->canonical;

# note is the configuration, which goes with all results.
sub note { $note = shift }

# now is the time in seconds since some moment.
sub now() { Time::HiRes::clock_gettime (Time::HiRes::CLOCK_MONOTONIC ()) }

# text is the third element of every message.
sub text {
   my $size = shift;
   substr "0123456789abcdef" x ($size / 16 + 1), 0, $size
}

sub say_line { print $json->encode ({@_}), "\n" }

sub say_ready { say_line ready => shift }
sub say_begun { say_line begin => JSON::XS::true }
sub say_result { say_line result => {@_, note => $note} }

# skip says that the system doesn't have a workload, and why.
sub skip {
   say_line skip => shift;
   POSIX::_exit (1);
}

1
