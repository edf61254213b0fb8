package inspect

import (
	"encoding/binary"
	"fmt"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// WebSocket opcodes (RFC 6455, 5.2).
const (
	wsContinuation = 0
	wsText         = 1
	wsBinary       = 2
)

// frame is one WebSocket frame, unmasked.
type frame struct {
	op      byte
	final   bool
	payload []byte
	size    int // with its head
}

// nextFrame reads a frame off the front of b; false: it is cut off.
func nextFrame(b []byte) (f frame, ok bool) {
	if len(b) < 2 {
		return f, false
	}
	f.op, f.final = b[0]&15, b[0]&0x80 != 0
	n, at := uint64(b[1]&0x7F), 2
	switch n {
	case 126:
		at = 4
		if len(b) < at {
			return f, false
		}
		n = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		at = 10
		if len(b) < at {
			return f, false
		}
		n = binary.BigEndian.Uint64(b[2:])
	}
	masked := b[1]&0x80 != 0
	var key [4]byte
	if masked {
		if len(b) < at+4 {
			return f, false
		}
		at += copy(key[:], b[at:])
	}
	if n > uint64(len(b)-at) {
		return f, false
	}
	f.size = at + int(n)
	f.payload = append(f.payload, b[at:f.size]...)
	if masked {
		for i := range f.payload {
			f.payload[i] ^= key[i&3]
		}
	}
	return f, true
}

// webSocket reads the frames behind an upgrade, one direction of a NetHttpBinding
// session: each message is an envelope, binary ones of one session.
func (r *Report) webSocket(at int, b []byte) error {
	var first error
	var joined []byte
	session := xmlbin.NewReaderSession(maxSession)
	for len(b) > 0 {
		f, ok := nextFrame(b)
		if !ok {
			r.Records = append(r.Records, Record{Offset: at, Text: "WebSocket frame is cut off"})
			if first == nil {
				first = &infoset.Error{Reason: infoset.Truncated, Offset: int64(at), Detail: "WebSocket frame"}
			}
			return first
		}
		switch f.op {
		case wsContinuation, wsText, wsBinary:
			joined = append(joined, f.payload...)
			if f.final && len(joined) > 0 {
				if err := r.message(at, joined, "", session); err != nil && first == nil {
					first = err
				}
				joined = nil
			}
		default:
			r.Records = append(r.Records, Record{Offset: at, Text: fmt.Sprintf("WebSocket control frame 0x%x", f.op)})
		}
		at += f.size
		b = b[f.size:]
	}
	return first
}
