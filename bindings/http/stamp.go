package http

import (
	"bytes"
	"errors"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// stamp adds a Security header with the time to an answer: WCF's clients that show a UsernameToken with one demand it back, and the
// service, which saw neither, cannot. An answer whose head cannot be read passes as it is. The rest of the body streams.
func (v *visit) stamp(res *shape.Response) {
	enc, err := encoder.Select(res.Fields.Get("Content-Type"))
	if err != nil || res.Body == nil || !readable(&enc) || res.Fields.Has("Content-Encoding") {
		return
	}
	block, err := (&wssec.Security{Timestamp: wssec.NewTimestamp(time.Now().UTC())}).Header()
	if err != nil {
		return
	}
	b := hear(res.Body)
	res.Body = b
	scan := &rewrite.Scanner{Form: enc.Form}
	for {
		whole, err := b.more()
		if err != nil {
			b.Body = &failing{Body: b.Body, err: err}
			return
		}
		err = scan.Scan(b.early)
		if err == nil {
			break
		}
		if whole || !errors.Is(err, rewrite.ErrMore) || len(b.early) >= headBytes {
			return
		}
	}
	pieces, err := scan.Apply(nil, b.early, []rewrite.Edit{{Op: rewrite.Add, Block: block}})
	if err != nil {
		return
	}
	before := len(b.early)
	b.own(bytes.Join(pieces, nil))
	if b.size >= 0 {
		b.size += int64(len(b.early) - before)
	}
	res.Fields.Del("Content-Length")
}
