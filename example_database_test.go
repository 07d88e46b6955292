package aemp_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/docs/example/job"
)

// What one node sets, all nodes of the network see, as long as it lives.
func ExampleNode_DB() {
	server := start("server") // with Global set
	if err := server.DB().Set("motd", "today", "be kind"); err != nil {
		fmt.Println(err)
		return
	}
	client := start("client", place(server))
	defer stop(client, server)

	fmt.Println(client.DB().Family(context.Background(), "motd"))
	// Output: map[today:"be kind"] <nil>
}

func ExampleDB_Set() {
	node := start("main")
	defer stop(node)
	db := node.DB()

	db.Set("colours", "apple", "red")
	db.Set("colours", "apple", []string{"red", "green"}) // replaces it
	fmt.Println(db.Family(context.Background(), "colours"))

	err := db.Set("favourite colours", "apple", "red")
	fmt.Println(err)
	// Output:
	// map[apple:["red", "green"]] <nil>
	// family "favourite colours" has ' ', which is none of A-Z a-z 0-9 _ :
}

// All of them are set, or none.
func ExampleDB_SetAll() {
	node := start("main")
	defer stop(node)
	db := node.DB()

	err := db.SetAll("prices", map[string]any{"apple": 3, "nonsense": make(chan int)})
	fmt.Println(err)
	fmt.Println(db.SetAll("prices", map[string]any{"apple": 3, "pear": 4}))
	fmt.Println(db.Family(context.Background(), "prices"))
	// Output:
	// value of prices "nonsense": Go type chan int can't be carried by msgpack
	// <nil>
	// map[apple:3 pear:4] <nil>
}

func ExampleDB_Delete() {
	node := start("main")
	defer stop(node)
	db := node.DB()

	db.SetAll("prices", map[string]any{"apple": 3, "pear": 4})
	db.Delete("prices", "pear", "plum") // there is no plum, which is fine
	fmt.Println(db.Keys(context.Background(), "prices"))
	// Output: [apple] <nil>
}

func ExampleDB_Family() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.SetAll("prices", map[string]any{"apple": 3, "pear": 4})

	prices, err := db.Family(context.Background(), "prices")
	if err != nil {
		fmt.Println(err)
		return
	}
	apple, err := prices["apple"].Int()
	fmt.Println(apple, err)
	// Output: 3 <nil>
}

func ExampleDB_Keys() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.SetAll("prices", map[string]any{"pear": 4, "apple": 3})

	fmt.Println(db.Keys(context.Background(), "prices"))
	fmt.Println(db.Keys(context.Background(), "unknown"))
	// Output:
	// [apple pear] <nil>
	// [] <nil>
}

func ExampleDB_Values() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.SetAll("prices", map[string]any{"pear": 4, "apple": 3})

	fmt.Println(db.Values(context.Background(), "prices")) // in the order of the keys
	// Output: [3 4] <nil>
}

// A handler, which mustn't wait, asks in this way.
func ExampleDB_QueryIn() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.Set("prices", "apple", 3)
	box := newMailbox(node)

	shop := newPort(node)
	shop.On("list", func(self *aemp.Context, m aemp.Message) {
		db.QueryIn(self, aemp.QueryFamily, "prices", time.Second, func(self *aemp.Context, v aemp.Value, err error) {
			if err != nil {
				self.Send(box.ID(), "failed", err.Error())
				return
			}
			self.Send(box.ID(), "prices", v)
		})
	})
	node.Send(shop.ID(), "list")
	fmt.Println(receive(box))
	// Output: ["prices", {"apple": 3}]
}

// A goroutine that has something else to do needn't wait for the answer.
func ExampleDB_StartQuery() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.Set("prices", "apple", 3)

	answer := make(chan string, 1)
	cancel, err := db.StartQuery(aemp.QueryFamily, "prices", func(v aemp.Value, err error) {
		answer <- fmt.Sprint(v, " ", err)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cancel()
	fmt.Println(<-answer)
	// Output: {"apple": 3} <nil>
}

func ExampleDB_Watch() {
	node := start("main")
	defer stop(node)
	db := node.DB()

	shown := make(chan string, 10)
	watch, err := db.Watch("weather", func(self *aemp.Context, c aemp.Change) {
		berlin, _ := c.View.Get("berlin")
		shown <- fmt.Sprint(c.Added, c.Changed, c.Deleted, " ", berlin)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watch.Stop()

	fmt.Println(<-shown) // what there was
	db.Set("weather", "berlin", "rain")
	fmt.Println(<-shown)
	db.Set("weather", "berlin", "sun")
	fmt.Println(<-shown)
	db.Delete("weather", "berlin")
	fmt.Println(<-shown)
	// Output:
	// [] [] [] null
	// [berlin] [] [] "rain"
	// [] [berlin] [] "sun"
	// [] [] [berlin] null
}

func ExampleWatch() {
	node := start("main")
	defer stop(node)

	shown := make(chan int, 10)
	watch, err := node.DB().Watch("weather", func(self *aemp.Context, c aemp.Change) { shown <- c.View.Len() })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-shown)
	watch.Stop()
	// Output: 0
}

// A port watches in its own context, and no longer than it lives.
func ExampleDB_WatchIn() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	thermostat := newPort(node)
	thermostat.On("begin", func(self *aemp.Context, m aemp.Message) {
		node.DB().WatchIn(self, "rooms", func(self *aemp.Context, c aemp.Change) {
			for room, value := range c.View.All() {
				if degrees, err := value.Int(); err == nil && degrees < 18 {
					self.Send(box.ID(), "heat", room)
				}
			}
		})
	})
	node.DB().SetAll("rooms", map[string]any{"kitchen": 21, "cellar": 12})
	node.Send(thermostat.ID(), "begin")
	fmt.Println(receive(box))
	// Output: ["heat", "cellar"]
}

// A goroutine follows a family with a loop.
func ExampleDB_Changes() {
	node := start("main")
	defer stop(node)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	db := node.DB()
	db.Set("queue", "first", 1)

	for c, err := range db.Changes(ctx, "queue") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("added", c.Added, "of", c.View.Keys())
		if c.View.Len() == 2 {
			break
		}
		db.Set("queue", "second", 2)
	}
	// Output:
	// added [first] of [first]
	// added [second] of [first second]
}

func ExampleView() {
	node := start("main")
	defer stop(node)
	db := node.DB()
	db.SetAll("prices", map[string]any{"pear": 4, "apple": 3})

	for c := range db.Changes(context.Background(), "prices") {
		v := c.View
		pear, there := v.Get("pear")
		fmt.Println(v.Len(), v.Keys(), pear, there)
		for key, value := range v.All() {
			fmt.Println(key, value)
		}
		break
	}
	// Output:
	// 2 [apple pear] 4 true
	// apple 3
	// pear 4
}

// A value of a generated type is set encoded, and decoded by who reads it.
func ExampleValue_Decode() {
	node := start("main")
	defer stop(node)
	db := node.DB()

	raw, err := aemp.Encode(&job.Job{ID: 7, Priority: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	db.Set("jobs", "next", raw)
	jobs, err := db.Values(context.Background(), "jobs")
	if err != nil {
		fmt.Println(err)
		return
	}
	var next job.Job
	fmt.Println(jobs[0].Decode(&next), next.ID, next.Priority)
	// Output: <nil> 7 0.5
}

// A port offers something under the name of a family. When it dies it is taken out.
func ExampleDB_Register() {
	node := start("main")
	defer stop(node)
	worker := newPort(node)

	err := node.DB().Register("workers", worker, map[string]any{"cores": 8})
	fmt.Println(err)
	for c := range node.DB().Changes(context.Background(), "workers") {
		fmt.Println(len(c.Added), len(c.Deleted))
		if len(c.Deleted) > 0 {
			break
		}
		worker.Kill()
	}
	// Output:
	// <nil>
	// 1 0
	// 0 1
}

// Several nodes offer the same service; who needs it asks one of them.
func ExampleDB_Group() {
	server := start("server")
	adder := newPort(server)
	adder.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b, reply := args.Int(), args.Int(), args.Text()
		if args.Err() == nil {
			self.Send(reply, a+b)
		}
	})
	server.DB().Register("adders", adder, nil)

	client := start("client", place(server))
	defer stop(client, server)
	group, err := client.DB().Group("adders", aemp.GroupOptions{Pick: aemp.PickLeastRecent})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer group.Close()
	fmt.Println(group.Call(context.Background(), "add", 3, 4))
	// Output: [7] <nil>
}

func ExampleGroup_Send() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)
	node.DB().Register("loggers", box, nil)

	group, err := node.DB().Group("loggers", aemp.GroupOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(group.Ready(context.Background()), len(group.Members()))
	fmt.Println(group.Send("line", 1))
	fmt.Println(receive(box))
	// Output:
	// <nil> 1
	// <nil>
	// ["line", 1]
}

func ExampleGroup_SendAll() {
	node := start("main")
	defer stop(node)
	first, second := newMailbox(node), newMailbox(node)
	node.DB().Register("listeners", first, nil)
	node.DB().Register("listeners", second, nil)

	group, err := node.DB().Group("listeners", aemp.GroupOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	group.Ready(context.Background())
	fmt.Println(group.SendAll("news"))
	fmt.Println(receive(first), receive(second))
	// Output:
	// <nil>
	// ["news"] ["news"]
}

// A handler can't wait for the Group to send: it asks it who is next.
func ExampleGroup_Next() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)
	node.DB().Register("workers", box, nil)
	group, err := node.DB().Group("workers", aemp.GroupOptions{Pick: aemp.PickRoundRobin})
	if err != nil {
		fmt.Println(err)
		return
	}
	group.Ready(context.Background())

	boss := newPort(node)
	boss.On("go", func(self *aemp.Context, m aemp.Message) {
		if worker, err := group.Next(); err == nil {
			self.Send(worker, "job", 1)
		}
	})
	node.Send(boss.ID(), "go")
	fmt.Println(receive(box))
	// Output: ["job", 1]
}

func ExampleErrNoMember() {
	node := start("main")
	defer stop(node)
	group, err := node.DB().Group("nobody", aemp.GroupOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = group.Call(context.Background(), "anybody there")
	fmt.Println(err)
	fmt.Println(errors.Is(err, aemp.ErrNoMember))
	// Output:
	// group nobody: no member
	// true
}

// The seeds of a node are where it looks for its master.
func ExampleDB_Master() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	client.DB().Keys(context.Background(), "any") // waits for a master

	fmt.Printf("%q %q\n", server.DB().Master(), client.DB().Master())
	fmt.Println(server.DB().IsGlobal(), client.DB().IsGlobal())
	// Output:
	// "" "server"
	// true false
}

// A node that isn't anybody's seed may be a global one all the same, so that there are
// enough of them.
func ExampleDB_BecomeGlobal() {
	server := start("server")
	second := start("second", place(server))
	defer stop(second, server)
	second.DB().BecomeGlobal()

	for c := range second.DB().Changes(context.Background(), "'g") { // the global nodes
		if c.View.Len() == 2 {
			fmt.Println(c.View.Keys(), second.DB().IsGlobal())
			break
		}
	}
	// Output: [second server] true
}

func ExampleDB_Status() {
	node := start("main")
	defer stop(node)
	node.DB().SetAll("prices", map[string]any{"apple": 3, "pear": 4})

	s := node.DB().Status()
	fmt.Println(s.Families, s.Keys, s.Octets)
	// Output: 1 2 11
}

// Without a global node in reach there is nobody to ask.
func ExampleNoMasterError() {
	gone := start("gone")
	seed := place(gone)
	stop(gone)
	node := start("main", seed)
	defer stop(node)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := node.DB().Family(ctx, "prices")
	fmt.Println(err)
	fmt.Println(errors.As(err, new(*aemp.NoMasterError)), errors.Is(err, aemp.ErrTimeout))
	// Output:
	// family prices: no global node in reach: timeout
	// true true
}

func ExampleNameError() {
	node := start("main")
	defer stop(node)

	fmt.Println(node.DB().Set("1st", "key", nil))
	fmt.Println(node.DB().Set("family", "", nil))
	// Output:
	// family "1st" doesn't begin with a letter
	// key "" is empty
}

func ExampleEntryError() {
	node := start("main")
	defer stop(node)

	err := node.DB().Set("blobs", "big", make([]byte, 2<<20))
	var limit *aemp.LimitError
	fmt.Println(errors.As(err, new(*aemp.EntryError)), errors.As(err, &limit), limit.Limit)
	// Output: true true 1048576
}

func ExampleQuotas() {
	node, err := aemp.Start(aemp.Config{
		Node:   "main",
		Binds:  []string{},
		Secret: "geheim",
		NoRC:   true,
		Quotas: aemp.Quotas{Keys: 2},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop(node)

	err = node.DB().SetAll("letters", map[string]any{"a": 1, "b": 2, "c": 3})
	var quota *aemp.QuotaError
	fmt.Println(errors.As(err, &quota), err)
	// Output: true family letters: more keys in the database than the quota of 2
}
