package peer

import (
	"fmt"

	"github.com/causeway-relay/causeway/bench/load"
)

// crowds are the cells in which servers of fan-out stand beside event relays.
var crowds = []string{"cast_event_1000", "cast_paced_1000", "cast_event_5000", "cast_paced_5000", "cast_listeners"}

// hubs are servers of fan-out that people would use instead of an event relay. None of them says what it delivered to whom: every
// listener has to get every message.
func hubs() []Peer {
	server := named("BENCH_CENTRIFUGO")
	server.ask = "version"
	return []Peer{
		server.peer("centrifugo", crowds, startCentrifugo,
			"a server of messages to WebSockets in Go: its JSON protocol, its engine in memory, sender and listeners without tokens"),
		{
			Name: "nchan", Kind: Other, Default: true, Rival: true, Absent: lacking("nginx", nchanModule), Cells: crowds, start: startNchan,
			Note: "Debian's nginx with its module Nchan, in C: WebSocket sender and listeners, 2 processes, messages in memory that they share",
		},
	}
}

// alone starts a server of one program, with the relays that it has, and waits for its door.
func alone(e *Env, relays map[string]*load.Casts, door string, server part) (*Tunnel, error) {
	t := &Tunnel{Casts: relays}
	p, err := server.start(e, "gateway")
	if err != nil {
		return t, err
	}
	t.gateway = append(t.gateway, p)
	return t, openAt(door, p)
}

// nchanModule comes with Debian's package libnginx-mod-nchan.
const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so"

// startNchan has each message as a frame of its own, and as it was sent.
func startNchan(e *Env) (*Tunnel, error) {
	addr := freeAddr()
	relays := map[string]*load.Casts{Event: {
		Listen: listening(addr, func(string) string { return "/listen" }),
		Send:   sending(addr, "/all"),
	}}
	return alone(e, relays, addr, part{
		file: "nginx.conf", argv: []string{where("nginx"), "-c", "{file}", "-p", e.Work, "-e", "stderr"},
		text: fmt.Sprintf(`load_module %s;
daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid %[2]s/nginx.pid;
error_log stderr error;
events { worker_connections 16000; }
http {
  access_log off;
  client_body_temp_path %[2]s/b; proxy_temp_path %[2]s/p; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  nchan_shared_memory_size 256M;
  server {
    listen %[3]s backlog=4096;
    location = /listen { nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; }
    location = /all { nchan_publisher websocket; nchan_channel_id bench; nchan_message_buffer_length 200; }
  }
}
`, nchanModule, e.Work, addr),
	})
}
