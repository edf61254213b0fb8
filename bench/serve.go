package main

import (
	"context"
	"os"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/hybrid"
)

// serveApp is the target as an application on hybrid.Serve, as a process: args are the entity. The gateway's connection string and CA
// are in the environment, as the product's commands have them.
func serveApp(ctx context.Context, args []string) error {
	return hybrid.Serve(ctx, os.Getenv("CAUSEWAY_CONNECTION_STRING"), load.Handler(), hybrid.WithEntity(args[0]))
}
