package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name:  "version",
	brief: "say which version this is",
	help:  "Print the version of this program, its Go, and the system it was built for.",
	run: func(_ context.Context, o *options, _ []string) error {
		_, err := fmt.Fprintf(o.stdout, "aemp-node %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	},
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
