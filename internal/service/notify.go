package service

import (
	"net"
	"os"
)

// Ready tells systemd that the program serves; without systemd it does nothing (sd_notify(3)).
func Ready() { notify("READY=1") }

// Stopping tells systemd that the program has begun to end.
func Stopping() { notify("STOPPING=1") }

// notify writes a state to the manager's socket. The manager that does not hear it gives up by itself: there is nothing else
// to do about an error.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:] // an abstract name
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
