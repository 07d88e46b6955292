%% The harness's specification, and what is said to the harness: both are JSON that is
%% simple enough for Erlang's own scanner and io:format.
-module(spec).
-compile({no_auto_import, [now/0]}).
-export([parse/1, now/0, text/1, note/1]).
-export([ready/1, began/0, counted/1, received/4, timed/4, skip/1, failed/1]).

-define(NOTE, "Tuples with a binary to processes; +zdbbl 32768, mailboxes off heap, receive buffers of 64 KiB, "
    "no port mapper. A flood's sender is at most 9 bursts of 1,024 messages (1 MiB) ahead. A handler is a process "
    "like any other. Timers of a fixed rate go by milliseconds, and by what comes back.").

%% note chooses what is told of the configuration with each result, see run.
note("erlang-delayed") -> persistent_term:put({?MODULE, note}, ["delay_send: the runtime gathers what is sent. " ?NOTE]);
note(_System) -> persistent_term:put({?MODULE, note}, ["Each message is written as it is sent. " ?NOTE]).

note() -> persistent_term:get({?MODULE, note}).

%% parse makes a map of an object whose values are strings, numbers and booleans.
parse(Json) ->
    {ok, [{'{', _} | Tokens], _} = erl_scan:string(Json),
    fields(Tokens, #{}).

fields([{'}', _}], Fields) -> Fields;
fields([{',', _} | Tokens], Fields) -> fields(Tokens, Fields);
fields([{string, _, Name}, {':', _}, {_Kind, _, Value} | Tokens], Fields) ->
    fields(Tokens, Fields#{list_to_atom(Name) => Value}).

%% now is the time in nanoseconds since some moment.
now() -> erlang:monotonic_time(nanosecond).

%% text is the third element of every message.
text(Size) -> << <<(lists:nth(I rem 16 + 1, "0123456789abcdef"))>> || I <- lists:seq(0, Size - 1) >>.

ready(Address) -> say("{\"ready\":\"~s\"}", [Address]).

began() -> say("{\"begin\":true}", []).

%% counted says what a sender has sent to each of its receivers.
counted(Counts) -> say("{\"result\":{\"counts\":~w}}", [Counts]).

received(Counts, Sum, Disorder, Nanoseconds) ->
    say("{\"result\":{\"counts\":~w,\"checksum\":~w,\"disorder\":~w,\"seconds\":~f,\"note\":\"~s\"}}",
        [Counts, Sum, Disorder, Nanoseconds / 1.0e9, note()]).

%% timed says how long round trips took: Laps are {nanoseconds, count}.
timed(Count, Disorder, Nanoseconds, Laps) ->
    Each = [io_lib:format("{\"ns\":~w,\"n\":~w}", [Ns, N]) || {Ns, N} <- Laps],
    say("{\"result\":{\"counts\":[~w],\"disorder\":~w,\"seconds\":~f,\"laps\":[~s],\"note\":\"~s\"}}",
        [Count, Disorder, Nanoseconds / 1.0e9, lists:join($,, Each), note()]).

skip(Why) -> say("{\"skip\":\"~s\"}", [Why]).

failed(Why) -> say("{\"error\":\"~s\"}", [[C || C <- lists:flatten(io_lib:format("~0p", [Why])), C =/= $", C =/= $\\]]).

say(Format, Values) -> io:put_chars([io_lib:format(Format, Values), $\n]).
