package handler

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// newRequest makes the request that a net/http server would have made of the same head.
func newRequest(ctx context.Context, r *shape.Request, prefix string) (*http.Request, error) {
	target := CutPrefix(r.Target, prefix)
	u, err := url.ParseRequestURI(target)
	if err != nil || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		target = escape(target) // the service shows paths decoded (reference section 2.2), as no sender can have written them
		u, err = url.ParseRequestURI(target)
	}
	if err != nil {
		return nil, fmt.Errorf("the target cannot be read: %w", err)
	}
	h := make(http.Header, len(r.Fields))
	for _, f := range r.Fields {
		h.Add(f.Name, f.Value)
	}
	h.Del("Host")
	request := &http.Request{
		Method: r.Method, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: http.NoBody, Host: r.Host,
		RemoteAddr: r.Remote.String(), RequestURI: target,
	}
	if r.Body != nil {
		request.Body, request.ContentLength = &body{r.Body}, r.Body.Size()
	}
	return request.WithContext(ctx), nil
}

// CutPrefix takes a prefix off a raw target, ignoring case as the search for an entity does; the rest begins with "/". A target
// that does not begin so is left as it is.
func CutPrefix(target, prefix string) string {
	if len(target) < len(prefix) || !strings.EqualFold(target[:len(prefix)], prefix) {
		return target
	}
	switch rest := target[len(prefix):]; {
	case prefix == "":
		return target
	case rest == "" || rest[0] == '?':
		return "/" + rest
	case rest[0] == '/':
		return rest
	}
	return target
}

// escape encodes what may not stand in a path as it is, and leaves escapes alone: the service keeps those that would mean something
// else when decoded.
func escape(target string) string {
	const digits = "0123456789ABCDEF"
	path, query, asked := strings.Cut(target, "?")
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c > ' ' && c < 0x7f && (c != '%' || escaped(path[i:])) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	if asked {
		b.WriteString("?" + query)
	}
	return b.String()
}

// escaped reports whether s begins with an escape.
func escaped(s string) bool {
	_, err := url.PathUnescape(s[:min(len(s), len("%XX"))])
	return err == nil
}

// body is a request's body as handlers know it: Close may come twice.
type body struct{ shape.Body }

// Read implements io.Reader; a server's bodies say io.ErrUnexpectedEOF when they break off.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Body.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // EOF is bare by contract
		err = fmt.Errorf("read the request's body: %w", err)
	}
	return n, err
}
