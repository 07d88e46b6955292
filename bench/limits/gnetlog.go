package main

import (
	"fmt"
	"os"
)

// errorLog keeps the engine's errors. Its own logger would write on standard output, which is
// the harness's.
type errorLog struct{}

func (errorLog) Debugf(string, ...any) {}
func (errorLog) Infof(string, ...any)  {}
func (errorLog) Warnf(string, ...any)  {}

func (errorLog) Errorf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "gnet: "+format+"\n", args...)
}

func (l errorLog) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	os.Exit(1)
}
