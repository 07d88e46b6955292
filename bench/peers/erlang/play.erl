%% Plays its role in the benchmark: see package play for what the harness says and hears.
-module(play).
-export([main/1]).

main([Role, Json]) ->
    spawn(fun() -> ends_with_input() end),
    try
        role(list_to_atom(Role), spec:parse(Json))
    catch
        throw:{skip, Why} -> spec:skip(Why), erlang:halt(1);
        _:Why:Where -> spec:failed({Why, Where}), erlang:halt(1)
    end.

ends_with_input() ->
    case io:get_line("") of
        eof -> erlang:halt(0, [{flush, false}]);
        _ -> ends_with_input()
    end.

role(Role, Spec = #{system := System, kind := Kind}) ->
    spec:note(System),
    has(Spec),
    role(Role, Kind, Spec).

has(#{kind := "local"}) -> ok;
has(#{typed := true}) -> throw({skip, "has no message types"});
has(#{tls := true}) -> throw({skip, "not set up with TLS"});
has(#{framing := Framing}) when Framing =/= "msgpack" -> throw({skip, "has a format of its own, not " ++ Framing});
has(#{links := Links}) when Links > 1 -> throw({skip, "has one connection between two processes"});
has(#{depth := Depth}) when Depth > 1 -> throw({skip, "played with one message under way"});
has(_Spec) -> ok.

role(alone, "local", Spec) ->
    flood:run(Spec, receivers(Spec)),
    hold();
role(receiver, Kind, Spec) when Kind =:= "oneway"; Kind =:= "start" ->
    Receivers = receivers(Spec),
    register(receivers, spawn_link(fun() -> receive {ask, Pid} -> Pid ! {receivers, Receivers} end end)),
    ready();
role(receiver, Kind, _Spec) when Kind =:= "pingpong"; Kind =:= "call" ->
    trips:echo(),
    ready();
role(sender, Kind, Spec = #{address := Address}) ->
    places:found(list_to_integer(lists:last(string:split(Address, ":")))),
    Node = 'receiver@127.0.0.1',
    send(Kind, Spec, Node),
    hold();
role(_Role, Kind, _Spec) ->
    throw({skip, "has no " ++ Kind}).

receivers(#{pairs := Pairs, ports := Ports}) -> meter:start(Pairs * Ports).

ready() ->
    spec:ready(io_lib:format("127.0.0.1:~w", [places:listening()])),
    hold().

send("oneway", Spec, Node) -> flood:run(Spec, ask(Node));
send("start", #{size := Size}, Node) ->
    [Receiver | _] = ask(Node),
    [Receiver ! {tag, Number, spec:text(Size)} || Number <- [0, -1]],
    spec:counted([0]);
send("pingpong", Spec = #{rate := _}, Node) -> trips:paced(Spec, Node);
send("pingpong", Spec, Node) -> trips:pingpong(Spec, Node);
send("call", Spec, Node) -> trips:call(Spec, Node);
send(Kind, _Spec, _Node) -> throw({skip, "has no " ++ Kind}).

ask(Node) ->
    {receivers, Node} ! {ask, self()},
    receive {receivers, Pids} -> Pids
    after 10000 -> error({'no answer from', Node})
    end.

%% hold waits until the harness has no more need of the process.
hold() -> receive after infinity -> ok end.
