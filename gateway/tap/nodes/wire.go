package nodes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// Door is the door of connections on which another node looks. The root gives them to Serve.
const Door = "tap"

// Bounds of the connection. maxLine has room for a record of tap.MaxBytes in base64 and a head of the largest size.
const (
	maxRequest = 4 << 10
	maxLine    = 2 * (tap.MaxBytes + 64<<10)
	greeting   = 10 * time.Second // for the request and its reply
	writeWait  = 30 * time.Second // how long the other node may take nothing
)

// request is the first line of the node that looks.
type request struct {
	Namespace string `json:"namespace,omitempty"`
	Path      string `json:"path"`
	Bytes     int    `json:"bytes"`
}

// reply is the first line of the other.
type reply struct {
	Code string `json:"code,omitempty"` // why not; "" for yes
	Text string `json:"text,omitempty"`
}

// copy passes on what another node shows until one of them ends it. open is called when the node has agreed.
func (n *Nodes) copy(ctx context.Context, node mesh.Num, ask request, open func(), each func(tap.Record)) error {
	dialing, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	conn, err := n.p.Link.Dial(dialing, node, shape.Preface{Door: Door, Host: Door})
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // wakes the read
	defer stop()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxLine)
	if err := greet(conn, lines, ask); err != nil {
		return err
	}
	open()
	for lines.Scan() {
		var r tap.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("read a record: %w", err)
		}
		each(r)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the node has ended it")
}

// greet asks, and takes the answer.
func greet(conn net.Conn, lines *bufio.Scanner, ask request) error {
	if err := conn.SetDeadline(time.Now().Add(greeting)); err != nil {
		return err
	}
	if err := json.NewEncoder(conn).Encode(ask); err != nil {
		return err
	}
	if !lines.Scan() {
		return errors.Join(lines.Err(), io.ErrUnexpectedEOF)
	}
	var answer reply
	if err := json.Unmarshal(lines.Bytes(), &answer); err != nil {
		return fmt.Errorf("read the reply: %w", err)
	}
	if answer.Code != "" {
		return fail.New(fail.Code(answer.Code), answer.Text)
	}
	return conn.SetDeadline(time.Time{})
}

// Serve shows another node what passes here, until one of the two ends it. It owns the connection.
func (n *Nodes) Serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(greeting)) // a connection without deadlines fails at its read
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxRequest)
	if !lines.Scan() {
		return
	}
	var ask request
	if json.Unmarshal(lines.Bytes(), &ask) != nil {
		return // it is no node of ours: there is nothing to tell it
	}
	out := json.NewEncoder(conn)
	w, err := n.p.Here(entity.Address{Namespace: ask.Namespace, Path: ask.Path}, tap.Options{Bytes: ask.Bytes})
	if err != nil {
		no := fail.Of(err)
		_ = out.Encode(reply{Code: string(no.Code), Text: no.Message()}) // if it has gone, it needs no answer
		return
	}
	defer w.Close()
	if out.Encode(reply{}) != nil || conn.SetDeadline(time.Time{}) != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		_, _ = conn.Read(make([]byte, 1)) // the other says nothing more: this returns when it has gone
	}()
	show(ctx, conn, out, w)
	_ = conn.Close()
	<-done
}

// show writes records until there are no more or nobody takes them.
func show(ctx context.Context, conn net.Conn, out *json.Encoder, w *tap.Watch) {
	for {
		r, err := w.Next(ctx)
		if err != nil || conn.SetWriteDeadline(time.Now().Add(writeWait)) != nil || out.Encode(r) != nil {
			return
		}
	}
}
