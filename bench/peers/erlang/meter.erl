%% The receiving side of a flood: a process for each receiver, and one that adds up.
-module(meter).
-export([start/1, receiver/1]).

%% start starts so many receivers; the result is said when all have got their end.
start(Receivers) ->
    Self = self(),
    spawn_link(fun() ->
        Pids = [spawn_link(?MODULE, receiver, [self()]) || _ <- lists:seq(1, Receivers)],
        Self ! {receivers, Pids},
        sum(Pids)
    end),
    receive {receivers, Pids} -> Pids end.

sum(Pids) ->
    Start = receive {began, Begin} -> Begin end,
    spec:began(),
    Ends = [receive {ended, Pid, Count, Sum, Disorder, End} -> {Count, Sum, Disorder, End} end || Pid <- Pids],
    {Counts, Sums, Disorders, Times} = lists:foldr(
        fun({C, S, D, E}, {Cs, Ss, Ds, Es}) -> {[C | Cs], [S | Ss], [D | Ds], [E | Es]} end, {[], [], [], []}, Ends),
    spec:received(Counts, lists:sum(Sums) band 16#ffffffff, lists:sum(Disorders), lists:max(Times) - Start).

receiver(All) -> take(All, 0, 0, 0).

take(All, Count, Sum, Disorder) ->
    receive
        {tag, Number, Text} when Number =:= Count + 1 ->
            take(All, Number, fold(Sum, Number, Text), Disorder);
        {tag, Number, Text} when Number > 0 ->
            take(All, Count + 1, fold(Sum, Number, Text), Disorder + 1);
        {tag, -2, _Text} ->
            take(All, Count, Sum, Disorder);
        {tag, 0, _Text} ->
            All ! {began, spec:now()},
            take(All, Count, Sum, Disorder);
        {tag, -1, _Text} ->
            All ! {ended, self(), Count, Sum, Disorder, spec:now()},
            take(All, Count, Sum, Disorder);
        {mark, Sender} ->
            Sender ! marked,
            take(All, Count, Sum, Disorder)
    end.

fold(Sum, Number, <<>>) ->
    (Sum * 31 + Number) band 16#ffffffff;
fold(Sum, Number, <<First, _/binary>> = Text) ->
    Size = byte_size(Text),
    (Sum * 31 + Number + Size + (First bsl 8) + binary:at(Text, Size - 1)) band 16#ffffffff.
