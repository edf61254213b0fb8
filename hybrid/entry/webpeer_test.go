package entry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// The two sides of an exchange: a plain HTTP sender whose every byte is the test's, and a listener that reads request messages
// and answers as each SDK does.

// request makes the bytes of a request without a body; "open" entities need no token, others get one of the namespace.
func (p *peer) request(method, target string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, p.host)
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	return b.String() + "\r\n"
}

// sender opens a connection of a plain HTTP sender.
func (s *set) sender() *peer {
	s.t.Helper()
	return s.dial(s.senderNode, s.door)
}

// tryResponse reads one response with its whole body. An early end of the body is an error beside what came.
func (p *peer) tryResponse(method string) (*answer, error) {
	a, err := p.tryHead()
	if err != nil {
		return nil, err
	}
	framing, err := http1.ResponseFraming(a.Head, method)
	if err != nil {
		return nil, err
	}
	body, err := p.tryBody(framing)
	a.Body = string(body)
	p.c.Saw("a response's body", body)
	return a, err
}

// tryHead reads the head of a response.
func (p *peer) tryHead() (*answer, error) {
	for {
		h, n, err := http1.DecodeResponse(p.in, http1.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, p.in)
		}
		if n > 0 {
			p.c.Saw("a response's head", p.in[:n])
			p.in = p.in[n:]
			return &answer{Head: h, p: p}, nil
		}
		if err := p.more(); err != nil {
			return nil, fmt.Errorf("%w behind %q", err, p.in)
		}
	}
}

func (p *peer) tryBody(f http1.Framing) (body []byte, err error) {
	switch f.Kind {
	case http1.Length:
		for int64(len(p.in)) < f.Length {
			if err := p.more(); err != nil {
				return p.in, noEOF(err)
			}
		}
		body, p.in = bytes.Clone(p.in[:f.Length]), p.in[f.Length:]
	case http1.Chunked:
		for chunks := new(http1.Chunks); !chunks.Done(); {
			piece, err := p.tryPiece(chunks)
			body = append(body, piece...)
			if err != nil {
				return body, err
			}
		}
	case http1.UntilClose:
		for err == nil {
			err = p.more()
		}
		if body, p.in = p.in, nil; errors.Is(err, io.EOF) {
			err = nil
		}
	case http1.None:
	}
	return body, err
}

// tryPiece gives what is there of a chunked body, once something is.
func (p *peer) tryPiece(chunks *http1.Chunks) ([]byte, error) {
	for {
		data, n, err := chunks.Next(p.in)
		data = bytes.Clone(data)
		p.in = p.in[n:]
		if err != nil || len(data) > 0 || chunks.Done() {
			return data, err
		}
		if n > 0 {
			continue
		}
		if err := p.more(); err != nil {
			return nil, noEOF(err)
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// response wants a response to a request of the method.
func (p *peer) response(method string) *answer {
	p.t.Helper()
	a, err := p.tryResponse(method)
	if err != nil {
		p.t.Fatalf("response: %v", err)
	}
	return a
}

// asked is a request as a listener got it.
type asked struct {
	*wire.Offer
	raw  string // the message
	body []byte
}

// tryAsked reads a request message, and the body behind it if it says so.
func (p *peer) tryAsked() (*asked, error) {
	op, b, longest, err := p.tryData()
	if err != nil {
		return nil, err
	}
	m, err := wire.Decode(b)
	switch {
	case err != nil:
		return nil, err
	case op != wsframe.Text || m.Kind != wire.KindRequest || len(b) > 65536 || longest > 32<<10:
		return nil, fmt.Errorf("%v of %d bytes in frames up to %d in place of a request: %s", op, len(b), longest, b)
	}
	p.c.Saw("a request message", b)
	q := &asked{Offer: m.Offer, raw: string(b)}
	if !m.Offer.Body {
		return q, nil
	}
	op, q.body, longest, err = p.tryData()
	if err == nil && (op != wsframe.Binary || longest > 32<<10) {
		err = fmt.Errorf("the body is %v in frames up to %d", op, longest)
	}
	return q, err
}

// asked wants a request message.
func (p *peer) asked() *asked {
	p.t.Helper()
	q, err := p.tryAsked()
	if err != nil {
		p.t.Fatalf("request message: %v", err)
	}
	return q
}

// tryReply answers a request: the message and, unless it is nil, the body, here as one frame.
func (p *peer) tryReply(r wire.Response, body []byte) error {
	r.Body = body != nil
	b, err := r.Append(nil)
	if err != nil {
		return err
	}
	if err := p.trySend(wsframe.Text, b); err != nil || body == nil {
		return err
	}
	return p.trySend(wsframe.Binary, body)
}

// reply is tryReply with 200 and a text.
func (p *peer) reply(id, body string) {
	p.t.Helper()
	if err := p.tryReply(wire.Response{RequestID: id, Status: 200, Fields: shape.Fields{{Name: "X-Own", Value: "1"}}}, []byte(body)); err != nil {
		p.t.Fatalf("reply: %v", err)
	}
}

// fragment sends a masked fragment of a message.
func (p *peer) fragment(op wsframe.Op, fin bool, payload []byte) {
	p.t.Helper()
	h := wsframe.Header{Fin: fin, Op: op, Masked: true, Key: [4]byte{1, 2, 3, 4}}
	if err := p.tryWrite(wsframe.AppendFrame(nil, h, payload)); err != nil {
		p.t.Fatalf("fragment: %v", err)
	}
}

// rendezvous dials the address of a request.
func (s *set) rendezvous(q *asked) *peer {
	s.t.Helper()
	return s.visit(q.Address).upgraded("")
}

// pieces reads a chunked body piece by piece.
type pieces struct {
	p      *peer
	chunks *http1.Chunks
}

func newPieces(p *peer) *pieces { return &pieces{p, new(http1.Chunks)} }

func (s *pieces) next() string {
	s.p.t.Helper()
	b, err := s.p.tryPiece(s.chunks)
	if err != nil {
		s.p.t.Fatalf("body: %v behind %q", err, b)
	}
	return string(b)
}

// byteOp is the opcode of fragment i of a binary message.
func byteOp(i int) wsframe.Op {
	if i == 0 {
		return wsframe.Binary
	}
	return wsframe.Cont
}

// quiet wants nothing to come for a while, nor the connection to end.
func (p *peer) quiet(d time.Duration) {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	var b [1]byte
	if n, err := p.conn.Read(b[:]); n > 0 || !isTimeout(err) {
		p.t.Errorf("%q and %v came in place of nothing", b[:n], err)
	}
}

// regexpOrder lists the names of the elements of a document, in their order.
func regexpOrder(xml string) (names []string) {
	for _, m := range regexp.MustCompile(`<([A-Za-z]+)>`).FindAllStringSubmatch(xml, -1) {
		names = append(names, m[1])
	}
	return names
}
