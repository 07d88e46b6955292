package kernel

import (
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// feed is a link as a source of messages. What is too full of them, an inbox or a
// mailbox, pauses it: then the link isn't read, and TCP makes the peer wait.
type feed struct {
	link  *link.Link
	peer  *peer
	shard *shard
	held  uint64 // bit per shard whose inbox pauses it; the link's loop only
}

// pause stops reading on behalf of shard i's inbox. On the link's loop, under the
// inbox's lock. It reports false if that inbox has paused it before.
func (f *feed) pause(i int) bool {
	bit := uint64(1) << (i % 64)
	if f.held&bit != 0 {
		return false
	}
	f.held |= bit
	f.link.Pause()
	return true
}

// resume undoes the pause on behalf of the inbox of s.
func (f *feed) resume(s *shard) {
	s.to(f.shard, loop.Func(func() {
		f.held &^= 1 << (s.index % 64)
		f.link.Resume()
	}))
}

// stopFor pauses reading until the mailbox has room again. On any shard.
func (f *feed) stopFor(s *shard, b *mailbox) {
	s.to(f.shard, loop.Func(func() {
		f.link.Pause()
		if b.WhenRoom(func() { f.shard.enter(f.link.Resume) }) == 0 {
			f.link.Resume()
		}
	}))
}
