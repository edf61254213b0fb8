package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/limits"
)

// listen is the independent listener as a process: args are the endpoint as JSON, the target, how many idle channels to
// hold (0: none, serve streams and requests) and the path of idle channel {i}; of a listener that serves, raw: bytes.
func listen(ctx context.Context, args []string) error {
	var e hc.Endpoint
	if err := json.Unmarshal([]byte(args[0]), &e); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("number of idle channels: %w", err)
	}
	if n == 0 {
		var carry hc.Carry
		if args[3] == "raw" {
			carry = func(a, b *net.TCPConn) { limits.Join(a, b, limits.Hybrid) }
		}
		return serve(ctx, e, args[1], carry)
	}
	path := args[3]
	if path == "" {
		path = e.Path
	}
	var all sync.WaitGroup
	opening := make(chan struct{}, 16)
	for i := range n {
		all.Go(func() {
			at := e
			at.Path = strings.ReplaceAll(path, "{i}", strconv.Itoa(i))
			opening <- struct{}{}
			l, err := hc.Listen(ctx, at, args[1], nil)
			<-opening
			if err == nil {
				err = l.Serve(ctx)
			}
			log.Printf("idle channel %d: %v", i, err)
		})
	}
	all.Wait()
	return fmt.Errorf("all %d idle channels ended", n)
}

// retry is how long a listener waits before it comes back.
const retry = 300 * time.Millisecond

// serve keeps one listener online.
func serve(ctx context.Context, e hc.Endpoint, target string, carry hc.Carry) error {
	for {
		l, err := hc.Listen(ctx, e, target, carry)
		if err == nil {
			err = l.Serve(ctx)
		}
		log.Printf("control channel: %v", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
	}
}
