package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/internal/trust"
)

// maxAnswer bounds what is read: 10,000 relays are a quarter of it.
const maxAnswer = 16 << 20

// ask sends one request and reads the answer into out. in is the body, nil for none; a nil out takes no body. exists, if
// it is not "", is the state that must be there: If-Match or If-None-Match with a star.
func (c *Client) ask(ctx context.Context, method, target, exists string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+target, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	r.Header.Set(c.header, c.sign(time.Now()))
	r.Header.Set("Accept", "application/json")
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if exists != "" {
		r.Header.Set(exists, "*")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return unreachable(r.URL.Host, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unreachable(r.URL.Host, err)
	case len(b) > maxAnswer:
		return fmt.Errorf("the answer has more than %d bytes: ask for less with a prefix", maxAnswer)
	}
	return c.read(answer, b, out)
}

// read takes in an answer. The token of a data folder is never wrong by itself: where it is refused, another node is asked.
func (c *Client) read(answer *http.Response, b []byte, out any) error {
	err := read(answer, b, out)
	if no, ok := errors.AsType[*Error](err); ok && c.admin != "" && no.Status == http.StatusUnauthorized {
		no.Do = "the node at " + c.admin + " is not that of the data folder whose token was shown: " +
			"say by CAUSEWAY_ADMIN where that one's admin door is, or name its file by CAUSEWAY_CONFIG"
	}
	return err
}

// read makes an error of a no, and takes in a yes.
func read(answer *http.Response, b []byte, out any) error {
	if answer.StatusCode >= http.StatusMultipleChoices {
		var no wire.ErrorBody
		if json.Unmarshal(b, &no) != nil || no.Error.Code == "" {
			return &Error{
				Status: answer.StatusCode, Message: "the answer " + answer.Status + " is not that of a gateway's management API",
				Do: "check host and port of the connection string",
			}
		}
		return &Error{
			Status: answer.StatusCode, Code: no.Error.Code, Message: no.Error.Message, Do: no.Error.Do, Tracking: no.Error.TrackingID,
			Problems: no.Problems,
		}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return &Error{
			Status: answer.StatusCode, Message: "the answer is not that of a gateway's management API: " + err.Error(),
			Do: "check host and port of the connection string",
		}
	}
	return nil
}

// unreachable says what to do about a request that got no answer. The cause is without the method and the address that
// net/http puts before it.
func unreachable(host string, err error) error {
	cause := err
	if u, ok := errors.AsType[*url.Error](err); ok {
		cause = u.Err
	}
	return &Unreachable{Host: host, Err: cause, Do: trust.Advice(err)}
}
