package testcluster

import (
	"runtime"
	"strings"
	"time"
)

// watchTime bounds the wait for a watch, and watchPause is between two looks.
const (
	watchTime  = 20 * time.Second
	watchPause = 5 * time.Millisecond
)

// AwaitWatches waits until exactly n peers who wait for their answer are watched in this process (leg.Watcher). A watch is over when
// its peer says something or leaves. It is for tests with real sockets; in a bubble of testing/synctest Wait does it.
func (c *Cluster) AwaitWatches(n int) {
	c.t.Helper()
	buf := make([]byte, 4<<20)
	look := time.NewTicker(watchPause)
	defer look.Stop()
	over := time.After(watchTime)
	for {
		got := strings.Count(string(buf[:runtime.Stack(buf, true)]), "leg.(*Watcher).run(")
		if got == n {
			return
		}
		select {
		case <-look.C:
		case <-over:
			c.t.Fatalf("%d peers are watched, %d wanted", got, n)
		}
	}
}
