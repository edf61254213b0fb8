package hybrid_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/local"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
)

// senderOf is the address of a WebSocket at a hybrid connection, and the header with a token for it.
func senderOf(connectionString, name string) (address string, header http.Header) {
	cs, err := connstring.Parse(connectionString)
	if err != nil {
		panic(err)
	}
	token := wire.Sign(wire.Audience(cs.Host, "/"+name), cs.KeyName, cs.Key, time.Now().Add(time.Hour))
	return "wss://" + cs.Host + "/" + name, http.Header{"ServiceBusAuthorization": {token}}
}

// startGateway runs a node for an example, with a hybrid connection "web". It gives what its ready file would hold.
func startGateway() (connectionString, caFile string, stop func()) {
	dir, err := os.MkdirTemp("", "causeway-example")
	if err != nil {
		panic(err)
	}
	cfg := config.Default()
	cfg.Data, cfg.HTTPS, cfg.HTTP, cfg.Admin = dir, "127.0.0.1:0", "off", "off"
	stored := memory.New()
	g, err := gateway.New(gateway.Params{Config: cfg, Node: 1, Store: stored, Join: local.New().Join, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	g.OnReady(func() { close(ready) })
	var runs sync.WaitGroup
	runs.Go(func() { _ = g.Run(ctx) })
	<-ready
	at, err := entity.NewAddress("", "web")
	if err == nil {
		_, err = stored.Put(ctx, &entity.Entity{Name: "web", At: at, Kind: entity.Hybrid}, store.Any)
	}
	if err != nil {
		panic(err)
	}
	return g.Ready().ConnectionString, g.CAFile(), func() {
		cancel()
		runs.Wait()
		_ = stored.Close()
		_ = os.RemoveAll(dir)
	}
}
