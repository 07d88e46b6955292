package aemp_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aemp-go/aemp"
)

// What the file says counts more than what the program says, unless it is forced.
func ExampleConfig_Effective() {
	dir, err := os.MkdirTemp("", "aemp")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	rc := filepath.Join(dir, "rc")
	os.WriteFile(rc, []byte(`{
	   "secret"  : "geheim",        # of all profiles
	   "seeds"   : ["10.0.0.1:4040", "10.0.0.2:4040"],
	   "profile" : {
	      "base"   : { "monitor_timeout" : 10 },
	      "worker" : { "parent" : "base", "nodeid" : "worker/%n/" },
	   },
	}`), 0o600)

	config := aemp.Config{RC: rc, Profile: "worker", Node: "default", Binds: []string{"*:4040"}}
	e, warnings, err := config.Effective()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Node, e.Seeds, e.Binds, e.MonitorTimeout, e.ConnectInterval, len(warnings))

	config.Force = true
	e, _, err = config.Effective()
	fmt.Println(e.Node, err)
	// Output:
	// worker/%n/ [10.0.0.1:4040 10.0.0.2:4040] [*:4040] 10s 2s 0
	// default <nil>
}

func ExampleConfig_Validate() {
	config := aemp.Config{Node: "two words", Seeds: []string{"10.0.0.1:99999"}, Secret: "geheim"}
	err := config.Validate()
	fmt.Println(err)

	var wrong *aemp.ConfigError
	fmt.Println(errors.As(err, &wrong), wrong.Field)
	// Output:
	// config: Node "two words": node ID "two words": ' ' isn't allowed, only letters, digits and _ - . : /
	// config: Seeds ["10.0.0.1:99999"]: seed "10.0.0.1:99999": port 99999 is above 65535
	// true Node
}
