// Package address owns the addresses of connectors: where they lead and what they bind, how both are written, the dial, and the question
// whether a WCF service is there.
//
// It does not own what flows, what is told of a dial that failed (bridge/connect), or web servers (bridge/connect/web). Its functions may be
// called from any goroutine; Dial and Probe wait on their caller's, no longer than their context and their own bounds.
//
// Sources: docs/connectors.md; WCF wire reference section 1 (addresses, preambles, faults).
package address

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// NetTCP is the scheme of WCF's addresses over TCP, in targets and in the Vias of clients.
const NetTCP = "net.tcp"

// DialTime bounds the dial of a target. The sender waits for it.
const DialTime = 10 * time.Second

// Target is where a listening connector leads. Make one with Parse; it is never changed.
type Target struct {
	Text string   // as written, for people
	Web  *url.URL // of a web server; nil: bytes

	network string // tcp, unix
	address string
}

// netTCPPort is that of WCF's net.tcp addresses without one.
const netTCPPort = "808"

// errText is an error that ends what stands before it in a sentence.
type errText string

// Error is the text.
func (e errText) Error() string { return string(e) }

// targetForm is what a target looks like.
const targetForm = "expected tcp://HOST:PORT, net.tcp://HOST:PORT, unix:///PATH, http://HOST:PORT or https://HOST:PORT"

// Parse reads a target: tcp://HOST:PORT, net.tcp://HOST[:PORT][/PATH], unix:///PATH, http://HOST[:PORT][/PATH] or https://.... The error says
// what form is expected, in the words of a sentence that began before it.
func Parse(text string) (*Target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errText(targetForm + nearTarget(text))
	}
	switch strings.ToLower(u.Scheme) {
	case "tcp":
		if !isPort(u.Port(), 1) || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
			return nil, errText("expected tcp://HOST:PORT, and nothing behind the port")
		}
		return &Target{Text: text, network: "tcp", address: u.Host}, nil
	case NetTCP:
		port := cmp.Or(u.Port(), netTCPPort)
		if u.Hostname() == "" || !isPort(port, 1) {
			return nil, errText("expected net.tcp://HOST:PORT")
		}
		return &Target{Text: text, network: "tcp", address: net.JoinHostPort(u.Hostname(), port)}, nil
	case "unix":
		if u.Host != "" || len(u.Path) < 2 {
			return nil, errText("expected unix:///PATH, with three slashes and a whole path")
		}
		return &Target{Text: text, network: "unix", address: u.Path}, nil
	case "http", "https":
		port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
		if u.Hostname() == "" || !isPort(port, 1) {
			return nil, errText("expected " + u.Scheme + "://HOST:PORT, and a path if there is one")
		}
		return &Target{Text: text, network: "tcp", address: net.JoinHostPort(u.Hostname(), port), Web: u}, nil
	}
	return nil, errText(targetForm + nearTarget(text))
}

// nearTarget guesses what somebody who wrote no scheme meant.
func nearTarget(text string) string {
	switch host, port, err := net.SplitHostPort(text); {
	case err == nil && isPort(port, 1):
		return "; did you mean tcp://" + net.JoinHostPort(cmp.Or(host, "localhost"), port) + "?"
	case isPort(text, 1):
		return "; did you mean tcp://localhost:" + text + "?"
	case strings.HasPrefix(text, "/"):
		return "; did you mean unix://" + text + "?"
	}
	return ""
}

// unixScheme may stand before the path of a local socket.
const unixScheme = "unix://"

// ParseBind reads the address of a local socket, as net.Listen takes it. What has a slash is the path of a Unix socket. The error is like
// that of Parse.
func ParseBind(text string) (network, address string, err error) {
	path, isUnix := strings.CutPrefix(text, unixScheme)
	if isUnix || strings.ContainsRune(text, '/') {
		if path == "" || strings.ContainsFunc(path, unicode.IsControl) {
			return "", "", errText("expected the path of a Unix socket")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port, 0) || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' }) {
		if isPort(text, 0) {
			return "", "", errText("expected an address such as 127.0.0.1:" + text + ", or :" + text + " for all interfaces")
		}
		return "", "", errText("expected an address such as 127.0.0.1:2222, port 0 for any free one, or the path of a Unix socket")
	}
	return "tcp", text, nil
}

// isPort takes digits only: names of services differ between machines.
func isPort(text string, lowest int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text && n >= lowest && n <= 65535
}

// IsHost reports whether s may stand in a Host field: HOST or HOST:PORT.
func IsHost(s string) bool {
	u, err := url.Parse("http://" + s)
	return err == nil && u.Host == s && u.Hostname() != "" && (u.Port() == "" || isPort(u.Port(), 1)) && u.User == nil
}

// Service is the address of a WCF service that a target names: net.tcp with a path. nil for every other target; one of net.tcp
// without a path is a place for bytes, and clients' Vias go there as they come.
func (t *Target) Service() *url.URL {
	u, err := url.Parse(t.Text)
	if err != nil || !strings.EqualFold(u.Scheme, NetTCP) || strings.Trim(u.Path, "/") == "" {
		return nil
	}
	return u
}

// ErrNoTime says that a dial took longer than DialTime. It is os.ErrDeadlineExceeded.
var ErrNoTime = fmt.Errorf("no answer within %v: %w", DialTime, os.ErrDeadlineExceeded)

// Dial opens a connection to the target. When ctx ends first, or time is up, its cause is the error.
func (t *Target) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, DialTime, ErrNoTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, t.network, t.address)
	switch {
	case err == nil:
		return nowait.Wrap(conn), nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return nil, err
}
