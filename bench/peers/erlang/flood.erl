%% The sending side of a flood: a process for each pair.
%%
%% Nothing holds back a process that sends faster than another takes, save memory. So a
%% sender has the receiver answer a mark after each burst, and isn't further ahead than
%% some bursts.
-module(flood).
-export([run/2, pair/4]).

-define(BURST, 1024).     % messages between looks at the clock
-define(OCTETS, 1048576). % and not more than so much text
-define(AHEAD, 8).        % bursts

%% run floods the receivers, the ports of the first pair first, and says how many
%% messages each was sent.
run(Spec = #{pairs := Pairs, ports := Ports}, Receivers) ->
    Pids = [spawn_link(?MODULE, pair, [self(), Spec, lists:sublist(Receivers, Pair * Ports + 1, Ports), Ports])
            || Pair <- lists:seq(0, Pairs - 1)],
    [receive {warm, Pid} -> ok end || Pid <- Pids],
    [Pid ! go || Pid <- Pids],
    spec:counted(lists:append([receive {sent, Pid, Count} -> lists:duplicate(Ports, Count) end || Pid <- Pids])).

pair(All, #{size := Size, warm := Warm, for := For}, Receivers, Ports) ->
    Text = spec:text(Size),
    Rounds = max(1, min(?BURST, ?OCTETS div max(1, Size)) div Ports),
    Ahead = warm(Receivers, Text, Rounds, spec:now() + Warm, 0),
    All ! {warm, self()},
    receive go -> ok end,
    each(Receivers, 0, Text),
    Count = count(Receivers, Text, Rounds, spec:now() + For, Ahead, 0),
    each(Receivers, -1, Text),
    All ! {sent, self(), Count}.

warm(Receivers, Text, Rounds, Stop, Ahead) ->
    [each(Receivers, -2, Text) || _ <- lists:seq(1, Rounds)],
    Next = mark(Receivers, Ahead),
    case spec:now() < Stop of
        true -> warm(Receivers, Text, Rounds, Stop, Next);
        false -> Next
    end.

count(Receivers, Text, Rounds, Stop, Ahead, Sent) ->
    burst(Receivers, Sent + 1, Sent + Rounds, Text),
    Next = mark(Receivers, Ahead),
    case spec:now() < Stop of
        true -> count(Receivers, Text, Rounds, Stop, Next, Sent + Rounds);
        false -> Sent + Rounds
    end.

burst(_Receivers, Number, Last, _Text) when Number > Last -> ok;
burst(Receivers, Number, Last, Text) ->
    each(Receivers, Number, Text),
    burst(Receivers, Number + 1, Last, Text).

each([], _Number, _Text) -> ok;
each([Receiver | Receivers], Number, Text) ->
    Receiver ! {tag, Number, Text},
    each(Receivers, Number, Text).

%% mark puts a mark behind what was sent and waits until not too many are on their way.
mark(Receivers, Ahead) ->
    lists:last(Receivers) ! {mark, self()},
    case Ahead + 1 > ?AHEAD of
        true -> receive marked -> Ahead end;
        false -> Ahead + 1
    end.
