%% Round trips: one after the other, by messages or calls, or at a fixed rate.
-module(trips).
-behaviour(gen_server).
-export([echo/0, pingpong/2, call/2, paced/2]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(FINEST, 50000). % nanoseconds between messages of a fixed rate, or groups of them

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

%% paced sends each message when it is due, or at once if that is over. The runtime's
%% timers go by milliseconds, so it looks at the clock when a message comes back, too. A
%% trip's time counts from when it ought to have begun.
paced(#{rate := Rate, warm := Warm, for := For, size := Size}, Node) ->
    Echo = rpc:call(Node, erlang, whereis, [echo]),
    Echo ! {to, self()},
    Skipped = Rate * (Warm div 1000000) div 1000,
    Last = Skipped + Rate * (For div 1000000) div 1000,
    Group = max(1, Rate * ?FINEST div 1000000000),
    Pace = {spec:now(), Group, Group * 1000000000 div Rate},
    Text = spec:text(Size),
    Laps = laps:new(),
    Disorder = pace(Pace, Laps, Skipped, Last, fun(Number) -> Echo ! {tag, Number, Text} end, 0, 0, 0),
    spec:timed(Last - Skipped, Disorder, For, laps:list(Laps)).

%% due is when a message, from number 1, is to be sent: at high rates some at once.
due({Origin, Group, Every}, Number) -> Origin + ((Number - 1) div Group + 1) * Every.

pace(_Pace, _Laps, _Skipped, Last, _Send, _Sent, Last, Disorder) -> Disorder;
pace(Pace = {Origin, Group, Every}, Laps, Skipped, Last, Send, Sent, Back, Disorder) ->
    Due = min(Last, (spec:now() - Origin) div Every * Group),
    [Send(Number) || Number <- lists:seq(Sent + 1, Due)],
    receive
        {tag, Number, _Text} ->
            Back =:= Skipped andalso spec:began(),
            Back >= Skipped andalso laps:add(Laps, spec:now() - due(Pace, Number)),
            More = case Back + 1 of Number -> 0; _ -> 1 end,
            pace(Pace, Laps, Skipped, Last, Send, max(Sent, Due), Back + 1, Disorder + More)
    after 1 ->
        pace(Pace, Laps, Skipped, Last, Send, max(Sent, Due), Back, Disorder)
    end.
