package front

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// answerTime bounds the write of a refusal: it fits any send buffer.
	answerTime = 5 * time.Second
	// lingerTime is how long what the peer still sends is read and dropped after a last answer, so that the answer is not lost
	// by a reset: TCP resets when a connection is closed over unread bytes, and the peer may then drop what it had received
	// (RFC 9112 section 9.6). There is no bound in bytes: a fast peer would meet the reset before it reads.
	lingerTime = time.Second
)

// refusal is an answer of the front's own.
type refusal struct {
	code   fail.Code
	status int         // 0: the code's
	text   string      // "": the code's meaning
	head   *http1.Head // of the request, nil: it could not be read
	err    error
}

// refuse answers, tells the hook and closes the connection properly.
func (c *conn) refuse(r refusal) { c.answer(r, newTracking()) }

func (c *conn) answer(r refusal, tracking string) {
	status, _ := Status(r.code)
	if r.status != 0 {
		status = r.status
	}
	text := r.text
	if text == "" {
		text = r.code.Info().Meaning
	}
	c.s.p.Hooks.Refused(Refusal{Door: c.door, Code: r.code, Status: status, Tracking: tracking, Remote: c.remote, Err: r.err})
	if status == 0 {
		return
	}
	reason := http1.CleanReason(c.s.p.Phrase(text, tracking, c.system(r.head)))
	_ = c.net.SetWriteDeadline(time.Now().Add(answerTime)) // a dead connection says so at the write
	if _, err := c.net.Write(appendRefusal(nil, r.code, status, reason, r.head)); err == nil {
		c.linger()
	}
}

// appendRefusal makes the answer: reason phrase for those who read only that, body for the others (reference section 5).
func appendRefusal(dst []byte, code fail.Code, status int, reason string, head *http1.Head) []byte {
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message = bodyCode(status), reason
	b, err := json.Marshal(body)
	if err != nil {
		b = nil // two strings always encode
	}
	h := http1.Head{Status: status, Reason: reason, Fields: http1.Fields{
		{Name: "Causeway-Error", Value: string(code)},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "Content-Length", Value: strconv.Itoa(len(b))},
		{Name: "Date", Value: httpDate(time.Now())},
		{Name: "Connection", Value: "close"},
	}}
	dst = http1.AppendResponse(dst, &h)
	if head != nil && head.Method == http.MethodHead {
		return dst
	}
	return append(dst, b...)
}

// system is what the SystemTracker of a phrase shows: the address that was asked for without its query, which may hold a token,
// as sb://host/path for an upgrade and host:path else; the door's own address when no head could be read.
func (c *conn) system(h *http1.Head) string {
	if h == nil {
		return c.net.LocalAddr().String()
	}
	path, _, _ := strings.Cut(h.Origin(), "?")
	if h.Fields.Has("Upgrade") {
		return "sb://" + h.Host() + path
	}
	return h.Host() + ":" + path
}

// linger ends our direction and reads what the peer still sends, for a while. The caller closes.
func (c *conn) linger() {
	c.lease.to(quiet)
	if h, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite() // the peer may be gone: the reads below end at once then
	}
	if c.net != c.lease.conn { // TLS has said its farewell; TCP still has to
		if h, ok := c.lease.conn.(interface{ CloseWrite() error }); ok {
			_ = h.CloseWrite() // as above
		}
	}
	c.lease.readBy(time.Now().Add(lingerTime))
	buf := getBuffer()
	defer putBuffer(buf)
	for {
		if _, err := c.lease.conn.Read(*buf); err != nil { // below TLS: what it says does not matter any more
			return
		}
	}
}

// refuseSpeech tells a client that spoke plain HTTP at a TLS door, in plain HTTP.
func (c *conn) refuseSpeech(plain net.Conn, err error) {
	c.net = plain
	c.refuse(refusal{code: fail.BadRequest, err: err, text: "This door speaks TLS. Use https:// or wss://"})
}

// newTracking makes an id by which an answer is found in the log: a random GUID (RFC 9562 version 4).
func newTracking() string {
	var b [16]byte
	_, _ = io.ReadFull(rand.Reader, b[:]) // crypto/rand never fails: it ends the program instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var t [36]byte
	hex.Encode(t[:8], b[:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:], b[10:])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return string(t[:])
}
