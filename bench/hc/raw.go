package hc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// standbys is how many connections a raw listener keeps waiting, as many as the bounds' agents do.
const standbys = 32

// askRaw is what a raw listener asks for in its handshake, of the gateway's own extensions (docs/agent.md).
var askRaw = http.Header{"Causeway-Agent": {fmt.Sprintf("raw, standby=%d", standbys)}}

// standBy keeps connections waiting until ctx ends. Each that is taken leads to the target as bytes and is replaced at once.
func (l *Listener) standBy(ctx context.Context, id string) {
	places := make(chan struct{}, standbys)
	var all sync.WaitGroup
	defer all.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		all.Go(func() {
			c, err := l.wait(ctx, id)
			if err != nil && ctx.Err() == nil {
				log.Printf("standby: %v", err)
				time.Sleep(100 * time.Millisecond)
			}
			<-places
			if err == nil {
				l.lead(c, nil)
			}
		})
	}
}

// wait opens a connection and returns when a sender was given to it.
func (l *Listener) wait(ctx context.Context, id string) (*net.TCPConn, error) {
	c, br, err := askBytes(ctx, l.endpoint.address("standby", id))
	if err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, func() { c.Close() })
	defer unwatch()
	if err := taken(c, br); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// askBytes dials an address, asks for bytes there, and gives what comes behind the 101.
func askBytes(ctx context.Context, at string) (*net.TCPConn, *bufio.Reader, error) {
	address, err := url.Parse(at)
	if err != nil {
		return nil, nil, err
	}
	c, err := net.Dial("tcp", address.Host)
	if err != nil {
		return nil, nil, err
	}
	unwatch := context.AfterFunc(ctx, func() { c.Close() })
	defer unwatch()
	br := bufio.NewReaderSize(c, 4<<10)
	if err := upgrade(c, br, address); err != nil {
		c.Close()
		return nil, nil, err
	}
	return c.(*net.TCPConn), br, nil
}

// upgrade is the handshake.
func upgrade(c net.Conn, br *bufio.Reader, address *url.URL) error {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: causeway/1\r\n\r\n", address.RequestURI(), address.Host); err != nil {
		return err
	}
	rs, err := http.ReadResponse(br, nil)
	if err != nil {
		return err
	}
	rs.Body.Close()
	if rs.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answer %s", rs.Status)
	}
	return nil
}

// taken waits for a sender, and says yes to it.
func taken(c net.Conn, br *bufio.Reader) error {
	line, err := br.ReadSlice('\n') // the peer is silent behind the line until it was answered
	if err != nil {
		return err
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil || m.Accept == nil {
		return fmt.Errorf("line %.80q: %w", line, err)
	}
	_, err = io.WriteString(c, "200\n")
	return err
}

// acceptRaw is one stream whose sender found no connection standing by: a rendezvous as any, but for the bytes.
func (l *Listener) acceptRaw(ctx context.Context, at string) {
	c, br, err := askBytes(ctx, at)
	if err != nil {
		log.Printf("rendezvous: %v", err)
		return
	}
	early, _ := br.Peek(br.Buffered()) // what there is can be had
	l.lead(c, early)
}

// lead carries a stream to the target, from what has come of it already. The kernel moves the bytes where a stream is busy.
func (l *Listener) lead(c *net.TCPConn, early []byte) {
	t, err := net.Dial("tcp", l.target)
	if err == nil {
		_, err = t.Write(early)
	}
	if err != nil {
		c.Close()
		log.Printf("target: %v", err)
		return
	}
	l.carry(c, t.(*net.TCPConn))
}
