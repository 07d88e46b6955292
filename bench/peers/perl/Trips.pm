# Round trips: one after the other, by messages or by cal, or at a fixed rate.
package Trips;

use strict;
use warnings;
use AnyEvent;
use AnyEvent::MP;
use List::Util qw(max min sum0);
use Harness;

use constant FINEST  => 50e-6; # seconds between messages of a fixed rate, or groups of them
use constant TIMEOUT => 10;    # seconds, of a call

# echo sends all back to the port.
sub echo {
   my $to = shift;
   rcv $SELF, tag => sub { snd $to, tag => @_ };
}

# serve answers calls.
sub serve {
   rcv $SELF, tag => sub { my $to = pop; snd $to, tag => @_ };
}

my %laps; # how many trips took about so many nanoseconds
my $disorder = 0;

# lap notes how long a trip took, with three digits.
sub lap {
   my $ns = max 0, int 1e9 * shift;
   my $shift = 0;
   $ns >>= 1, $shift++ while $ns >= 2048;
   $laps{(($ns + 1) << $shift) - 1}++;
}

sub finish {
   my $spec = shift;
   say_result
      counts => [sum0 values %laps], seconds => $spec->{for} / 1e9, disorder => $disorder,
      laps => [map +{ns => $_ + 0, n => $laps{$_}}, sort { $a <=> $b } keys %laps];
}

# closed has a trip begin when the one before has ended. A trip's end calls what is
# returned.
sub closed {
   my ($spec, $send) = @_;
   my $text  = text $spec->{size};
   my $start = now + $spec->{warm} / 1e9;
   my $stop  = $start + $spec->{for} / 1e9;
   my $number = 0;
   my ($sent, $begun, $next);

   $next = sub {
      $sent = now;
      $send->(++$number, $text);
   };
   sub {
      my $now = now;
      if (@_) { # none at the very first
         $disorder++ if $_[0] != $number || $_[1] ne $text;
         if ($begun && $now < $stop) {
            lap $now - $sent;
         } elsif ($now >= $stop) {
            return finish $spec;
         } elsif ($now >= $start) {
            $begun = 1;
            say_begun;
         }
      }
      $next->();
   }
}

sub pingpong {
   my ($spec, $node) = @_;
   my $self = port;
   my $echo = spawn $node, "Trips::echo", $self;
   my $back = closed $spec, sub { snd $echo, tag => @_ };
   rcv $self, tag => $back;
   $back->();
}

sub call {
   my ($spec, $node) = @_;
   my $server = spawn $node, "Trips::serve";
   my $back;
   $back = closed $spec, sub { cal $server, tag => @_, sub { shift; $back->(@_) }, TIMEOUT };
   $back->();
}

# paced sends each message when it is due, or at once if that is over. The event loop's
# timers go by milliseconds, so it looks at the clock when a message comes back, too. A
# trip's time counts from when it ought to have begun.
sub paced {
   my ($spec, $node) = @_;
   my $text  = text $spec->{size};
   my $warm  = int $spec->{rate} * $spec->{warm} / 1e9;
   my $last  = $warm + int $spec->{rate} * $spec->{for} / 1e9;
   my $group = max 1, int $spec->{rate} * FINEST;
   my $every = $group / $spec->{rate};
   my ($sent, $back) = (0, 0);
   my $self = port;
   my $echo = spawn $node, "Trips::echo", $self;
   my $origin = now;

   my $send = sub {
      my $due = min $last, $group * int ((now - $origin) / $every);
      snd $echo, tag => ++$sent, $text while $sent < $due;
   };
   my $tick = AE::timer 0, 0.001, $send;
   rcv $self, tag => sub {
      my ($number) = @_;
      $disorder++ if $number != ++$back;
      if ($back > $warm) {
         say_begun if $back == $warm + 1;
         lap now - $origin - $every * (1 + int (($number - 1) / $group));
      }
      if ($back < $last) {
         $send->();
      } else {
         undef $tick;
         finish $spec;
      }
   };
}

1
