# Plays its role in the benchmark: see package play for what the harness says and hears.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use EV;
use AnyEvent;
use AnyEvent::MP;
use AnyEvent::MP::Kernel ();
use IO::Socket::INET;
use JSON::XS ();
use POSIX ();
use Harness;
use Flood;
use Meter;
use Trips;

$| = 1;
my ($role, $spec) = ($ARGV[0], JSON::XS::decode_json $ARGV[1]);
my $framing = ($spec->{framing} // "") eq "json" ? "json" : "cbor";
my $corked = $spec->{system} eq "perl-corked";

Harness::note join " ",
   "Arrays from port to port, EV, $framing,",
   $corked ? "autocork: what is sent in one turn of the event loop is written at its end."
           : "each message is written as it is sent.",
   "A flood's sender is at most 8 bursts of 1,024 messages (1 MiB) ahead.",
   "Timers of a fixed rate go by milliseconds, and by what comes back.";

# without says why a workload can't be played.
sub without {
   my $kind = $spec->{kind};
   return "has one thread, so nothing sends but handlers" if $kind eq "local" && $spec->{from} ne "handler";
   return if $kind eq "local";
   return "has no $kind" unless grep $kind eq $_, qw(oneway pingpong call start);
   return "has no message types" if $spec->{typed};
   return "not set up with TLS" if $spec->{tls};
   return "has one connection between two processes" if $spec->{links} > 1;
   return "played with one message under way" if $spec->{depth} > 1;
   undef
}

# node makes this process a node.
sub node {
   my ($id, @options) = @_;
   configure norc => 1, nodeid => $id, secret => "benchmark", framing_format => [$framing], autocork => $corked, @options;
}

# free is a port of this machine that nobody listens on.
sub free {
   my $socket = IO::Socket::INET->new (Listen => 1, LocalAddr => "127.0.0.1")
      or die "no port: $@\n";
   $socket->sockport
}

sub alone {
   node "alone", binds => [], seeds => [];
   my $n = $spec->{pairs} * $spec->{ports};
   Meter::expect $n;
   my @receivers = map port, 1 .. $n;
   peval $receivers[$_], sub { Meter::receiver ($_) } for 0 .. $n - 1;
   Flood::run $spec, @receivers;
}

sub receiver {
   my $address = "127.0.0.1:" . free;
   node "receiver", binds => [$address], seeds => [$address];
   Meter::expect $spec->{pairs} * $spec->{ports};
   say_ready $address;
}

my $connected;

sub sender {
   node "sender", binds => [], seeds => [$spec->{address}];
   my $play = {oneway => \&oneway, start => \&start, pingpong => \&pingpong, call => \&Trips::call}->{$spec->{kind}};
   $connected = AnyEvent::MP::Kernel::mon_nodes sub {
      my ($node, $up) = @_;
      $play->($spec, $node) if $up && $node eq "receiver";
   };
}

sub receivers {
   my ($node, $n) = @_;
   map +(spawn $node, "Meter::receiver", $_), 0 .. $n - 1
}

sub oneway {
   my ($spec, $node) = @_;
   Flood::run $spec, receivers $node, $spec->{pairs} * $spec->{ports};
}

sub start {
   my ($spec, $node) = @_;
   my ($receiver) = receivers $node, 1;
   snd $receiver, tag => $_, text $spec->{size} for 0, -1;
   say_result counts => [0];
}

sub pingpong { $_[0]{rate} ? &Trips::paced : &Trips::pingpong }

if (defined (my $why = without)) {
   skip $why;
}
my $input = AE::io \*STDIN, 0, sub { sysread STDIN, my $octets, 1 << 10 or POSIX::_exit 0 };
my %roles = (alone => \&alone, receiver => \&receiver, sender => \&sender);
$roles{$role}->();
AnyEvent->condvar->recv;
