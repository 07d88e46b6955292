# The receiving side of a flood: a port for each receiver.
package Meter;

use strict;
use warnings;
use AnyEvent::MP;
use Harness;

my $waiting; # receivers that haven't got their end
my @each;    # what each has counted, when it has
my $start;

# expect so many receivers.
sub expect { $waiting = shift }

# receiver number $k: called with its port in $SELF, by spawn or by whoever made it.
sub receiver {
   my $k = shift;
   my ($count, $sum, $disorder) = (0, 0, 0);
   rcv $SELF,
      tag => sub {
         my ($number, $text) = @_;
         if ($number > 0) {
            $disorder++ if $number != ++$count;
            $sum = ($sum * 31 + $number + length ($text)
               + (length $text ? (ord ($text) << 8) + ord substr $text, -1 : 0)) & 0xffffffff;
         } elsif ($number == 0) {
            begin ();
         } elsif ($number == -1) {
            $each[$k] = [$count, $sum, $disorder];
            end () unless --$waiting;
         }
      },
      mark => sub { snd $_[0], "marked" };
}

sub begin {
   return if $start;
   $start = now;
   say_begun;
}

sub end {
   my $took = now - $start;
   my ($sum, $disorder) = (0, 0);
   for (@each) {
      $sum += $_->[1];
      $disorder += $_->[2];
   }
   say_result seconds => $took, counts => [map $_->[0], @each], checksum => $sum & 0xffffffff, disorder => $disorder;
}

1
