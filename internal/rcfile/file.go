package rcfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A File is the configuration file as it was read, and as it was edited since.
type File struct {
	path string
	disk *string // what was read; nil: there was no file
	text string
	root *value // nil: nothing but white space and comments
}

// Read reads the file. One that doesn't exist is an empty one.
func Read(path string) (*File, error) {
	disk, err := readDisk(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if disk == nil {
		return &File{path: path}, nil
	}
	f, err := Parse(path, *disk)
	if err != nil {
		return nil, err
	}
	f.disk = disk
	return f, nil
}

// readDisk returns the file's content, nil if there is no file.
func readDisk(path string) (*string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	octets, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, err
	}
	content := string(octets)
	return &content, nil
}

// Parse takes text for the content of a file. Errors are *Error.
func Parse(path, text string) (*File, error) {
	f := &File{path: path}
	if err := f.setText(text); err != nil {
		return nil, err
	}
	return f, nil
}

// Exists says whether there was a file to read.
func (f *File) Exists() bool { return f.disk != nil }

// Text is the file's content with all edits.
func (f *File) Text() string { return f.text }

func (f *File) setText(text string) error {
	root, bad := parse(text)
	if bad == nil {
		f.text, f.root = text, root
		return nil
	}
	err := &Error{Path: f.path, Reason: bad.reason}
	if bad.offset >= 0 {
		err.Line, err.Column = position(text, bad.offset)
	}
	return err
}

// fault is an error at a place in the text.
func (f *File) fault(offset int, format string, args ...any) *Error {
	line, column := position(f.text, offset)
	return &Error{Path: f.path, Line: line, Column: column, Reason: fmt.Sprintf(format, args...)}
}
