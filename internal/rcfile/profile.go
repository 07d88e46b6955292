package rcfile

import (
	"slices"
	"strings"
)

// Profile returns the values that count for a profile: its own, then those of its
// parent and so on, then those of the top level. The name of a profile that isn't
// in the file is fine, it has only the latter; Settings.Found says so. A value null
// hides what parents say. Errors are *Error.
func (f *File) Profile(name string) (Settings, error) {
	if f.root == nil {
		return Settings{}, nil
	}
	levels, err := f.levels(name)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{Found: len(levels) > 1}
	seen := make(map[string]bool)
	for i, level := range levels {
		for j := range level.members {
			m := &level.members[j]
			if structural(m.key, i == len(levels)-1) || seen[m.key] {
				continue
			}
			seen[m.key] = true
			if err := f.assign(&s, m); err != nil {
				return Settings{}, err
			}
		}
	}
	return s, nil
}

// structural says whether a key is not a setting: profiles are at the top level,
// parents below it.
func structural(key string, top bool) bool {
	return top && key == "profile" || !top && key == "parent"
}

// levels are the objects to look into for a profile, the nearest first.
func (f *File) levels(name string) ([]*value, error) {
	profiles, err := f.profiles()
	if err != nil {
		return nil, err
	}
	var (
		levels []*value
		names  []string
	)
	for m := profiles.find(name); m != nil; {
		if m.value.kind != objectValue {
			return nil, f.fault(m.value.start, "profile %q is %s, not an object", m.key, m.value.kind)
		}
		names = append(names, m.key)
		levels = append(levels, &m.value)
		parent := m.value.find("parent")
		if parent == nil || !truthy(&parent.value) {
			break
		}
		if m, err = f.parent(profiles, names, &parent.value); err != nil {
			return nil, err
		}
	}
	return append(levels, f.root), nil
}

func (f *File) parent(profiles *value, names []string, v *value) (*member, error) {
	child := names[len(names)-1]
	name, ok := scalar(v)
	if !ok {
		return nil, f.fault(v.start, "the parent of profile %q is %s, not a name", child, v.kind)
	}
	if first := slices.Index(names, name); first >= 0 {
		loop := strings.Join(append(names[first:], name), " → ")
		return nil, f.fault(v.start, "parents in a circle: %s", loop)
	}
	m := profiles.find(name)
	if m == nil {
		return nil, f.fault(v.start, "the parent of profile %q, %q, doesn't exist", child, name)
	}
	return m, nil
}

// profiles is the object with all profiles; an empty one if there are none.
func (f *File) profiles() (*value, error) {
	m := f.root.find("profile")
	if m == nil || m.value.kind == nullValue {
		return &value{kind: objectValue}, nil
	}
	if m.value.kind != objectValue {
		return nil, f.fault(m.value.start, "profile is %s, not an object", m.value.kind)
	}
	return &m.value, nil
}
