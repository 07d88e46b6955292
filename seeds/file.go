package seeds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

// A File is a Source: a file with seeds, in a configuration "file:/etc/aemp/seeds". It
// is read every two seconds, so that a change counts soon after.
//
//	# The seeds of the east
//	db1.example.org, db2.example.org    # the port is 4040
//	10.0.0.7:5000
//
// Each line is a seed or a comma list of them, in the forms that Parse
// reads. What follows a # is a comment. A mistake anywhere makes the whole file
// count for nothing, so that the former seeds stay.
type File string

// A FileError says what in a file of seeds can't be used, and in which line.
type FileError struct {
	Path string
	Line int // from 1; 0: the file as a whole
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

func parseFile(path string) (Source, error) {
	if path[0] != '/' && path[0] != '.' {
		return nil, errors.New("the path of a file begins with / or ./")
	}
	return File(path), nil
}

func (f File) String() string { return "file:" + string(f) }

// Refresh implements Refresher.
func (f File) Refresh() time.Duration { return fileRefresh }

// Seeds implements Source. What is wrong with the content is a *FileError.
func (f File) Seeds(context.Context) ([]string, error) {
	text, err := f.read()
	if err != nil {
		return nil, err
	}
	return f.parse(text)
}

// read looks at the kind of file first: opening a pipe would wait for a writer.
func (f File) read() (string, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", &FileError{Path: string(f), Err: errors.New("not a regular file")}
	}
	file, err := os.Open(string(f))
	if err != nil {
		return "", err
	}
	defer file.Close()
	octets, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return "", err
	}
	if len(octets) > MaxFile {
		return "", &FileError{Path: string(f), Err: fmt.Errorf("longer than %d octets", MaxFile)}
	}
	return string(octets), nil
}

// parse reports the first mistake.
func (f File) parse(text string) ([]string, error) {
	var list []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		for _, place := range hostport.Split([]string{line}) {
			if _, err := parsePlace(place); err != nil {
				return nil, &FileError{string(f), number, err}
			}
			list = append(list, place)
		}
		if len(list) > MaxSeeds {
			return nil, &FileError{string(f), number, fmt.Errorf("more than %d seeds", MaxSeeds)}
		}
	}
	return list, nil
}
