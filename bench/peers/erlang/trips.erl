%% Round trips: one after the other, by messages or calls, or at a fixed rate.
-module(trips).
-behaviour(gen_server).
-export([echo/0, pingpong/2, call/2, paced/2]).
-export([init/1, handle_call/3, handle_cast/2]).

%% echo starts what sends back to the process that it was told of, and a server of
%% that name for calls.
echo() ->
    {ok, _} = gen_server:start_link({local, call}, ?MODULE, [], []),
    register(echo, spawn_link(fun() -> receive {to, Pid} -> back(Pid) end end)).

back(Pid) ->
    receive Message -> Pid ! Message end,
    back(Pid).

init([]) -> {ok, none}.
handle_call(Message, _From, State) -> {reply, Message, State}.
handle_cast(_Message, State) -> {noreply, State}.

pingpong(Spec, Node) ->
    Echo = rpc:call(Node, erlang, whereis, [echo]),
    Echo ! {to, self()},
    closed(Spec, fun(Message) -> Echo ! Message, receive Back -> Back end end).

call(Spec, Node) ->
    Server = rpc:call(Node, erlang, whereis, [call]),
    closed(Spec, fun(Message) -> gen_server:call(Server, Message) end).

closed(#{size := Size, warm := Warm, for := For}, Trip) ->
    Text = spec:text(Size),
    Start = spec:now() + Warm,
    Laps = laps:new(),
    trip(Trip, Text, 1, spec:now(), Start, Laps, 0),
    spec:began(),
    {Count, Disorder} = trip(Trip, Text, 1, spec:now(), Start + For, laps:clear(Laps), 0),
    spec:timed(Count, Disorder, For, laps:list(Laps)).

%% trip goes there and back until it is time to stop. What ends later doesn't count.
trip(Trip, Text, Number, Sent, Stop, Laps, Disorder) ->
    More = case Trip({tag, Number, Text}) of
        {tag, Number, Text} -> 0;
        _ -> 1
    end,
    Now = spec:now(),
    case Now < Stop of
        true ->
            laps:add(Laps, Now - Sent),
            trip(Trip, Text, Number + 1, spec:now(), Stop, Laps, Disorder + More);
        false ->
            {Number - 1, Disorder + More}
    end.

%% paced sends what is due every millisecond, which is as finely as the runtime's timers
%% go. A trip's time counts from when it ought to have begun.
paced(Spec = #{rate := Rate, warm := Warm, for := For, size := Size}, Node) ->
    Echo = rpc:call(Node, erlang, whereis, [echo]),
    Skipped = Rate * (Warm div 1000000) div 1000,
    Last = Skipped + Rate * (For div 1000000) div 1000,
    Echo ! {to, self()},
    Origin = spec:now(),
    Text = spec:text(Size),
    spawn_link(fun() -> send(Echo, Text, 1, Last, Origin, Rate) end),
    Laps = laps:new(),
    Disorder = back(Spec, Laps, Origin, 1, Skipped, Last, 0),
    spec:timed(Last - Skipped, Disorder, For, laps:list(Laps)).

due(Number, Origin, Rate) -> Origin + Number * 1000000000 div Rate.

send(_Echo, _Text, Number, Last, _Origin, _Rate) when Number > Last -> ok;
send(Echo, Text, Number, Last, Origin, Rate) ->
    Due = min(Last, (spec:now() - Origin) * Rate div 1000000000),
    [Echo ! {tag, N, Text} || N <- lists:seq(Number, Due)],
    receive after 1 -> ok end,
    send(Echo, Text, max(Number, Due + 1), Last, Origin, Rate).

back(_Spec, _Laps, _Origin, Number, _Skipped, Last, Disorder) when Number > Last -> Disorder;
back(Spec = #{rate := Rate}, Laps, Origin, Number, Skipped, Last, Disorder) ->
    Got = receive {tag, N, _Text} -> N end,
    Number =:= Skipped + 1 andalso spec:began(),
    Number > Skipped andalso laps:add(Laps, spec:now() - due(Got, Origin, Rate)),
    More = case Got of Number -> 0; _ -> 1 end,
    back(Spec, Laps, Origin, Number + 1, Skipped, Last, Disorder + More).
