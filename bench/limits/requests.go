package limits

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mostBody is the longest body of a request or an answer: what a control channel carries.
const mostBody = 64 << 10

// parcels are for one body each.
var parcels = sync.Pool{New: func() any { b := make([]byte, 0, mostBody+1<<10); return &b }}

// reply is a listener's answer.
type reply struct {
	status int
	fields map[string]string
	body   *[]byte // of parcels; nil: none
}

// exchange carries one request over the control channel and writes its answer.
func (h *HCRef) exchange(c net.Conn, r *http.Request) error {
	if r.ContentLength < 0 || r.ContentLength > mostBody {
		return errors.New("a body of unknown or too great length")
	}
	body := parcels.Get().(*[]byte)
	defer parcels.Put(body)
	*body = (*body)[:r.ContentLength]
	if _, err := io.ReadFull(r.Body, *body); err != nil {
		return err
	}
	path, _, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	h.mu.Lock()
	ctl := h.listeners[path]
	h.mu.Unlock()
	if ctl == nil {
		return errors.New("no listener")
	}
	id := h.newID()
	got, err := ctl.request(r, *body, id, h.address(path, id))
	if err != nil {
		return err
	}
	return got.write(c)
}

// request asks the listener and waits for what it says. address is in every request, as the protocol wants: a listener that
// has much to answer dials it. The cells have no such answers.
func (ctl *control) request(r *http.Request, body []byte, id, address string) (*reply, error) {
	text, err := requestText(r, id, address, len(body) > 0)
	if err != nil {
		return nil, err
	}
	answered := make(chan *reply, 1)
	ctl.waiting.Lock()
	ctl.replies[id] = answered
	ctl.waiting.Unlock()
	defer func() {
		ctl.waiting.Lock()
		delete(ctl.replies, id)
		ctl.waiting.Unlock()
	}()
	out := net.Buffers{frameHeader(0x81, len(text)), text}
	if len(body) > 0 {
		out = append(out, frameHeader(0x82, len(body)), body)
	}
	ctl.mu.Lock()
	_, err = out.WriteTo(ctl.conn)
	ctl.mu.Unlock()
	if err != nil {
		return nil, err
	}
	t := time.NewTimer(10 * time.Second)
	defer t.Stop()
	select {
	case got := <-answered:
		return got, nil
	case <-t.C:
		return nil, errors.New("no answer came")
	}
}

// requestText is the request message.
func requestText(r *http.Request, id, address string, body bool) ([]byte, error) {
	fields := map[string]string{"Host": r.Host}
	for name, values := range r.Header {
		if name != "Connection" && name != "Content-Length" {
			fields[name] = strings.Join(values, ", ")
		}
	}
	return json.Marshal(map[string]any{"request": map[string]any{
		"address": address, "id": id, "requestTarget": r.URL.RequestURI(), "method": r.Method, "requestHeaders": fields, "body": body,
	}})
}

// write sends an answer to the sender.
func (a *reply) write(c net.Conn) error {
	b := make([]byte, 0, 512)
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	b = append(b, " "+http.StatusText(a.status)+"\r\n"...)
	for name, value := range a.fields {
		if name != "Content-Length" {
			b = append(b, name+": "+value+"\r\n"...)
		}
	}
	var body []byte
	if a.body != nil {
		body = *a.body
		defer parcels.Put(a.body)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	both := net.Buffers{b, body}
	_, err := both.WriteTo(c)
	return err
}

// serveAnswers reads the control channel: answers and their bodies, each to whom it is for.
func (ctl *control) serveAnswers(s *side) error {
	scratch := make([]byte, 0, 2<<10)
	for {
		op, b, err := ctl.readMessage(s, scratch)
		if err != nil {
			return err
		}
		if op != 1 {
			continue
		}
		got, id, hasBody, err := parseAnswer(b)
		if err != nil {
			return err
		}
		if hasBody {
			got.body = parcels.Get().(*[]byte)
			if _, *got.body, err = ctl.readMessage(s, (*got.body)[:0]); err != nil {
				return err
			}
		}
		ctl.waiting.Lock()
		w := ctl.replies[id]
		delete(ctl.replies, id)
		ctl.waiting.Unlock()
		if w != nil {
			w <- got
		}
	}
}

func parseAnswer(b []byte) (got *reply, id string, body bool, err error) {
	var m struct {
		Response struct {
			RequestID string            `json:"requestId"`
			Status    json.RawMessage   `json:"statusCode"`
			Fields    map[string]string `json:"responseHeaders"`
			Body      bool              `json:"body"`
		} `json:"response"`
	}
	if err = json.Unmarshal(b, &m); err != nil {
		return nil, "", false, err
	}
	status, err := strconv.Atoi(strings.Trim(string(m.Response.Status), `"`))
	return &reply{status: status, fields: m.Response.Fields}, m.Response.RequestID, m.Response.Body, err
}

// readMessage reads a whole message behind dst[:0], and answers pings on the way.
func (ctl *control) readMessage(s *side, dst []byte) (op byte, msg []byte, err error) {
	msg = dst[:0]
	for {
		first, payload, key, err := readHeader(s.br)
		if err != nil {
			return 0, nil, err
		}
		if int64(len(msg))+payload > 2*mostBody {
			return 0, nil, errors.New("a message that is too long")
		}
		have := len(msg)
		msg = slices.Grow(msg, int(payload))[:have+int(payload)]
		if _, err := io.ReadFull(s.br, msg[have:]); err != nil {
			return 0, nil, err
		}
		unmask(msg[have:], key, 0)
		switch kind := first & 0xf; kind {
		case 8:
			return 0, nil, io.EOF
		case 9:
			pong := net.Buffers{frameHeader(0x8a, int(payload)), msg[have:]}
			ctl.mu.Lock()
			_, err = pong.WriteTo(ctl.conn)
			ctl.mu.Unlock()
			msg = msg[:have]
		case 10:
			msg = msg[:have]
		default:
			op = max(op, kind)
			if first&0x80 != 0 {
				return op, msg, nil
			}
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

// readHeader reads a masked frame's header.
func readHeader(r io.Reader) (first byte, payload int64, key [8]byte, err error) {
	var b [14]byte
	if _, err = io.ReadFull(r, b[:2]); err != nil {
		return 0, 0, key, err
	}
	more := 4
	switch b[1] & 0x7f {
	case 126:
		more += 2
	case 127:
		more += 8
	}
	if _, err = io.ReadFull(r, b[2:2+more]); err != nil {
		return 0, 0, key, err
	}
	size, payload, _ := parseHeader(b[:2+more])
	copy(key[:4], b[size-4:size])
	copy(key[4:], key[:4])
	return b[0], payload, key, nil
}

// frameHeader is the header of a whole frame to a client.
func frameHeader(first byte, n int) []byte {
	switch {
	case n < 126:
		return []byte{first, byte(n)}
	case n < 1<<16:
		return []byte{first, 126, byte(n >> 8), byte(n)}
	default:
		return binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(n))
	}
}
