// Package rcfile reads and edits the configuration file that Perl and Go nodes
// share: ~/.perl-anyevent-mp, or where PERL_ANYEVENT_MP_RC points (protocol 8).
//
// The file is JSON as Perl's JSON::XS reads it with its option "relaxed": comments
// from # to the end of the line wherever white space may be, a comma after the last
// element, tabs in strings. Unlike there, a key that occurs twice is an error.
//
//	{
//	   "secret" : "…",                    # for every profile
//	   "seeds"  : ["db.example.org:4040"],
//	   "profile" : {
//	      "base"   : { "monitor_timeout" : 10 },
//	      "worker" : { "parent" : "base", "nodeid" : "worker/%n/" },
//	   },
//	}
//
// # Reading order
//
// parse.go makes a tree of the text, path.go and file.go read the file, profile.go
// follows a profile's parents, settings.go gives the values their types, edit.go
// changes one value and nothing else, write.go puts the text back.
package rcfile
