package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/internal/trust"
)

// nc is a program of the stories that talks as netcat does:
//
//	nc -l FILE PREFIX        a service: reads each connection to its end and answers PREFIX and what came; its address is in FILE
//	nc -lose FILE            a service: says half a word and loses the connection; its address is in FILE
//	nc ADDR TEXT             says TEXT, ends its side, prints what comes until the end; exit code 1 when that is a loss
//	nc -wait ADDR TEXT WANT  the same, again and again until WANT comes
//	nc -web FILE             a web server: writes the head of each request to FILE as it came; its address is in FILE.address
//	nc -get ADDR CA TARGET TOKEN  asks a gateway as an HTTP sender until the answer is no 404; prints status and body
//
// ADDR with a slash is a Unix socket.
func nc() {
	if err := talk(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nc:", err)
		os.Exit(1)
	}
}

func talk(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "-l":
		return serve(args[1], func(c net.Conn) {
			b, _ := io.ReadAll(c)
			fmt.Fprintf(c, "%s %s", args[2], b)
		})
	case len(args) == 2 && args[0] == "-lose":
		return serve(args[1], func(c net.Conn) {
			_, _ = io.WriteString(c, "half")
			_, _ = io.ReadAll(c)
			_ = c.(*net.TCPConn).SetLinger(0)
		})
	case len(args) == 4 && args[0] == "-wait":
		return askUntil(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "-web":
		return web(args[1])
	case len(args) == 5 && args[0] == "-get":
		return getUntil(args[1], args[2], args[3], args[4])
	case len(args) == 2:
		text, err := ask(args[0], args[1])
		fmt.Fprintln(os.Stdout, text)
		return err
	}
	return errors.New("usage: see script_nc_test.go")
}

func serve(file string, answer func(c net.Conn)) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".tmp", []byte(l.Addr().String()), 0o600); err != nil {
		return err
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			answer(c)
		}()
	}
}

func ask(address, text string) (string, error) {
	network := "tcp"
	if strings.Contains(address, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err = io.WriteString(c, text)
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		err = errors.Join(err, half.CloseWrite())
	}
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}

func askUntil(address, text, want string) error {
	tick, end := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		got, err := ask(address, text)
		if err == nil && got == want {
			return nil
		}
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("%q, %w; want %q", got, err, want)
		}
	}
}

// web keeps the bytes of heads, which a web server of net/http would not.
func web(file string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".address", []byte(l.Addr().String()), 0o600); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			buf := make([]byte, 0, 4<<10)
			for !strings.Contains(string(buf), "\r\n\r\n") && len(buf) < cap(buf) {
				n, err := c.Read(buf[len(buf):cap(buf)])
				if err != nil {
					return
				}
				buf = buf[:len(buf)+n]
			}
			_ = os.WriteFile(file, []byte(strings.ReplaceAll(string(buf), "\r\n", "\n")), 0o600)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nanswered")
		}()
	}
}

func getUntil(address, caFile, target, token string) error {
	config, err := trust.Roots{File: caFile}.Config("localhost")
	if err != nil {
		return err
	}
	config.ServerName = "localhost"
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: patience}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	tick, end := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		request, err := http.NewRequest(http.MethodGet, "https://localhost:"+port+target, http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("ServiceBusAuthorization", token)
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusNotFound || err != nil {
			fmt.Fprintln(os.Stdout, answer.StatusCode, string(b))
			return err
		}
		select {
		case <-tick.C:
		case <-end:
			return errors.New("nobody listens")
		}
	}
}
