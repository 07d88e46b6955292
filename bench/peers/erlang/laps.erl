%% A histogram of nanoseconds with three digits: exact below 2048, above that 1024
%% classes for each power of two.
-module(laps).
-export([new/0, clear/1, add/2, list/1]).

-define(CLASSES, 1024 * 32). % up to more than half an hour

new() -> counters:new(?CLASSES, []).

clear(Laps) ->
    [counters:put(Laps, I, 0) || I <- lists:seq(1, ?CLASSES)],
    Laps.

add(Laps, Nanoseconds) -> counters:add(Laps, class(max(0, Nanoseconds), 0) + 1, 1).

%% list has {highest nanoseconds, count} of each class that isn't empty.
list(Laps) ->
    [{highest(I), N} || I <- lists:seq(0, ?CLASSES - 1), N <- [counters:get(Laps, I + 1)], N > 0].

class(Ns, Shift) when Ns < 2048 -> Shift * 1024 + Ns;
class(Ns, Shift) -> class(Ns bsr 1, Shift + 1).

highest(Class) when Class < 2048 -> Class;
highest(Class) ->
    Shift = Class div 1024 - 1,
    (Class - Shift * 1024 + 1) bsl Shift - 1.
