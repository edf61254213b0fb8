package wire

import "time"

// Seen is one thing that passed a relay, as GET entities/{entity}/tap shows it. Credentials are masked: those of header fields and
// targets, and of WS-Security in text XML.
type Seen struct {
	Time         time.Time   `json:"time"`
	Event        string      `json:"event"` // open, request, response, data, message, end, notice
	Shape        string      `json:"shape"` // stream, exchange, cast
	Tracking     string      `json:"tracking"`
	Entity       string      `json:"entity"`
	Listener     string      `json:"listener,omitempty"`
	Remote       string      `json:"remote"`
	Door         string      `json:"door"`
	Node         int         `json:"node"` // the sender's
	ListenerNode int         `json:"listenerNode,omitempty"`
	Dir          string      `json:"dir,omitempty"` // of data: in from the sender, out to it
	Method       string      `json:"method,omitempty"`
	Target       string      `json:"target,omitempty"`
	Action       string      `json:"action,omitempty"`
	Status       int         `json:"status,omitempty"`
	Reason       string      `json:"reason,omitempty"` // of a response its phrase, of an end a code of docs/errors.md
	Text         string      `json:"text,omitempty"`
	Fields       [][2]string `json:"fields,omitempty"` // name and value, as they came
	Type         string      `json:"type,omitempty"`   // of a message: its content type
	Data         []byte      `json:"data,omitempty"`   // base64; the first bytes, as many as were asked for
	Size         int         `json:"size,omitempty"`   // of data and message: how many there are
	Words        bool        `json:"words,omitempty"`  // it is part of a text message
	Last         bool        `json:"last,omitempty"`   // it ends a message or a body
	In           int64       `json:"in,omitempty"`     // of an end: bytes from the sender
	Out          int64       `json:"out,omitempty"`
	Taken        int         `json:"taken,omitempty"`  // of a message: listeners that took it
	Lost         int         `json:"lost,omitempty"`   // those that were to have it and did not take it
	Missed       int         `json:"missed,omitempty"` // records that were dropped before this one, since the watcher was too slow
}
