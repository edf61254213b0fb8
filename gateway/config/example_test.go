package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/causeway-relay/causeway/gateway/config"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "causeway")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	text := "host: relay.example.com\nlimits:\n  pendin: 20\ntimeouts:\n  accept: 30\n"
	file := filepath.Join(dir, "causeway.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	settings, problems := config.Load(config.Params{File: file, Env: []string{"CAUSEWAY_HTTP=off"}})
	fmt.Println(settings == nil, problems.Err() != nil)
	fmt.Println(strings.ReplaceAll(problems.Error(), file, "causeway.yaml"))
	// Output:
	// true true
	// causeway.yaml:3:3 unknown key "pendin"; did you mean "pending"?
	// causeway.yaml:5:11 timeouts.accept: expected a duration from 1ms to 24h, such as 10s, 5m or 1h30m
}
