# The sending side of a flood: a port for each pair, which sends a burst each time that it
# gets a turn, so that the event loop has its own between bursts.
#
# Nothing holds back a sender that is faster than the connection, save memory. So it has
# the receiver answer a mark after each burst, and isn't further ahead than some bursts.
package Flood;

use strict;
use warnings;
use AnyEvent::MP;
use List::Util qw(max min);
use Harness;

use constant {
   BURST  => 1024,    # messages between looks at the clock
   OCTETS => 1 << 20, # and not more than so much text
   AHEAD  => 8,       # bursts
};

my @pairs;
my $waiting; # pairs that aren't warm, or later haven't sent all

# run floods the receivers, the ports of the first pair first, and says how many messages
# each was sent.
sub run {
   my ($spec, @receivers) = @_;
   $waiting = $spec->{pairs};
   @pairs = map new ($spec, splice @receivers, 0, $spec->{ports}), 1 .. $spec->{pairs};
   $_->turn for @pairs;
}

sub new {
   my ($spec, @receivers) = @_;
   my $self = bless {
      port => port, receivers => \@receivers, text => text ($spec->{size}), number => 0, ahead => 0,
      rounds => max (1, int min (BURST, OCTETS / max 1, $spec->{size}) / @receivers),
      phase => \&warm, stop => now + $spec->{warm} / 1e9, for => $spec->{for} / 1e9,
   };
   rcv $self->{port},
      turn   => sub { $self->{phase}->($self) },
      marked => sub { $self->turn if $self->{ahead}-- == AHEAD };
   $self
}

sub turn { after 0, $_[0]{port}, "turn" }

# all sends a number to each receiver, again and again.
sub all {
   my ($self, $from, $to) = @_;
   my ($receivers, $text) = @$self{qw(receivers text)};
   for my $number ($from .. $to) {
      snd $_, tag => $number, $text for @$receivers;
   }
}

# mark ends a burst.
sub mark {
   my $self = shift;
   snd $self->{receivers}[-1], mark => $self->{port};
   $self->turn if ++$self->{ahead} < AHEAD;
}

sub warm {
   my $self = shift;
   $self->all (-2, -2) for 1 .. $self->{rounds};
   return $self->mark if now < $self->{stop};
   $self->{phase} = \&begin;
   return if --$waiting;
   $waiting = @pairs;
   $_->turn for @pairs;
}

sub begin {
   my $self = shift;
   $self->all (0, 0);
   $self->{stop} = now + $self->{for};
   $self->{phase} = \&count;
   $self->count;
}

sub count {
   my $self = shift;
   my $last = $self->{number} + $self->{rounds};
   $self->all ($self->{number} + 1, $last);
   $self->{number} = $last;
   return $self->mark if now < $self->{stop};
   $self->all (-1, -1);
   delete $self->{phase};
   say_result counts => [map +($_->{number}) x @{ $_->{receivers} }, @pairs] unless --$waiting;
}

1
