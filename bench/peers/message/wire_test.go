package message

import (
	"testing"

	"google.golang.org/protobuf/proto"
)

var texts = []string{"", "0123456789abcdef0123456789abcdef", string(make([]byte, 64<<10))}

func TestWhatIsWrittenByHandIsReadByGeneratedCode(t *testing.T) {
	for _, text := range texts {
		for _, number := range []int64{-2, -1, 0, 1, 300, 1 << 40} {
			b := Append(nil, "tag", number, text)
			if len(b) != Size("tag", number, text) {
				t.Errorf("%d octets written, said to be %d", len(b), Size("tag", number, text))
			}
			var m Message
			if err := proto.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			if m.Tag != "tag" || m.Number != number || m.Text != text {
				t.Errorf("wrote %d and %d octets, read %q, %d and %d octets", number, len(text), m.Tag, m.Number, len(m.Text))
			}
		}
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	for _, text := range texts {
		tag, number, got, err := Read(Append(nil, "tag", -2, text))
		if err != nil || string(tag) != "tag" || number != -2 || string(got) != text {
			t.Errorf("read %q, %d, %d octets and %v", tag, number, len(got), err)
		}
	}
}

func TestWhatIsCutShortOrLongerIsRefused(t *testing.T) {
	whole := Append(nil, "tag", 300, "text")
	for n := range whole {
		if _, _, _, err := Read(whole[:n]); err == nil {
			t.Errorf("the first %d octets of %d were read", n, len(whole))
		}
	}
	if _, _, _, err := Read(append(whole, 0)); err == nil {
		t.Error("an octet behind the message was overlooked")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Append(nil, "tag", 300, "text"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tag, number, text, err := Read(b)
		if err != nil {
			return
		}
		again, n, same, err := Read(Append(nil, string(tag), number, string(text)))
		if err != nil || string(again) != string(tag) || n != number || string(same) != string(text) {
			t.Errorf("%x was read as %q, %d, %q, and then as %q, %d, %q, %v", b, tag, number, text, again, n, same, err)
		}
	})
}
