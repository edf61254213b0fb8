package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// nc is a program of the stories that talks as netcat does:
//
//	nc -l FILE PREFIX        a service: reads each connection to its end and answers PREFIX and what came; its address is in FILE
//	nc ADDR TEXT             says TEXT, ends its side, prints what comes until the end; exit code 1 when that is a loss
//	nc -wait ADDR TEXT WANT  the same, again and again until WANT comes
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
		return answer(args[1], args[2])
	case len(args) == 4 && args[0] == "-wait":
		return askUntil(args[1], args[2], args[3])
	case len(args) == 2:
		text, err := ask(args[0], args[1])
		fmt.Fprintln(os.Stdout, text)
		return err
	}
	return errors.New("usage: see script_nc_test.go")
}

func answer(file, prefix string) error {
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
			b, _ := io.ReadAll(c)
			fmt.Fprintf(c, "%s %s", prefix, b)
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
