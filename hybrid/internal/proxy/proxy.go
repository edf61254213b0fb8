// Package proxy opens TCP connections by way of an HTTP proxy, with CONNECT, where one is configured.
//
// It does not own which proxy is used, nor TLS on the connection. Its functions may be called from any goroutine.
//
// Source: RFC 9110 section 9.3.6; Hybrid Connections reference section 14.19.
package proxy

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/causeway-relay/causeway/internal/trust"
)

// Dialer gives a function that dials TCP, through the proxy that find names for an address, if it names one.
func Dialer(find func(*http.Request) (*url.URL, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var direct net.Dialer
		proxy, err := find(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		if proxy == nil {
			return direct.DialContext(ctx, network, address)
		}
		if proxy.Scheme != "http" {
			return nil, fmt.Errorf("proxy: scheme %q is not supported: name one with http://, or use WithNetDial", proxy.Scheme)
		}
		conn, err := direct.DialContext(ctx, network, trust.Address(proxy.Host, "80"))
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
		err = tunnel(conn, address, proxy.User)
		if !stop() {
			err = context.Cause(ctx)
		}
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("proxy: %w", err)
		}
		return conn, nil
	}
}

// tunnel asks a proxy for a connection to the address. The proxy's answer is read byte by byte: what follows belongs to the
// gateway, which speaks only when it is asked.
func tunnel(conn net.Conn, address string, user *url.Userinfo) error {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user != nil {
		password, _ := user.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := ask.Write(conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), ask)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %s to CONNECT %s", answer.Status, address)
	}
	return nil
}
