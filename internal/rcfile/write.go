package rcfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrChanged: somebody else wrote the file since it was read.
var ErrChanged = errors.New("the file changed since it was read")

// maxLinks bounds a chain of symbolic links, as the kernel does.
const maxLinks = 40

// WriteAtomic replaces the file on disk with the text, or leaves it as it is. The
// file may hold secrets: nobody but the owner gets rights that go beyond reading
// and writing for himself, and none that he had taken away. Symbolic links stay.
// Fails with ErrChanged if the file isn't what Read saw.
func (f *File) WriteAtomic() error {
	if err := f.writeAtomic(); err != nil {
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	text := f.text
	f.disk = &text
	return nil
}

func (f *File) writeAtomic() error {
	path, err := target(f.path)
	if err != nil {
		return err
	}
	mode, err := modeFor(path)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".aemp-rc-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // in vain after the rename
	if err := fill(temp, f.text, mode); err != nil {
		return err
	}
	if err := f.unchanged(path); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// target follows symbolic links to what is to be replaced, which needn't exist.
func target(path string) (string, error) {
	for range maxLinks {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", errors.New("too many symbolic links")
}

func modeFor(path string) (fs.FileMode, error) {
	const owner = 0o600
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return owner, nil
	}
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("not a regular file")
	}
	return info.Mode().Perm() & owner, nil
}

func fill(file *os.File, text string, mode fs.FileMode) error {
	_, err := file.WriteString(text)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

func (f *File) unchanged(path string) error {
	now, err := readDisk(path)
	if err != nil {
		return err
	}
	if (now == nil) != (f.disk == nil) || now != nil && *now != *f.disk {
		return ErrChanged
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
