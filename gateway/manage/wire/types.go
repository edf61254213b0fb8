package wire

import (
	"net/netip"
	"time"
)

// Entity is a relay as the API shows it.
type Entity struct {
	Name             string         `json:"name"` // as it was written
	Kind             string         `json:"kind"` // hybrid, nettcp, http, oneway, event
	AnonymousSenders bool           `json:"anonymousSenders"`
	Settings         Settings       `json:"settings"`
	Source           string         `json:"source"` // store, or file: then only the file can change it
	CreatedAt        time.Time      `json:"createdAt"`
	UpdatedAt        time.Time      `json:"updatedAt"`
	Listeners        ListenerCounts `json:"listeners"`
	// ConnectionString is secret and stands in the answer that made the entity, never again: that of its first rule.
	ConnectionString string `json:"connectionString,omitempty"`
}

// Settings are an entity's policies. All members are always shown.
type Settings struct {
	ResponseTimeout Duration       `json:"responseTimeout"` // null: the gateway's timeouts.response
	RequestTarget   string         `json:"requestTarget"`   // service or raw
	PlainWebSocket  bool           `json:"plainWebSocket"`
	TLS             string         `json:"tls"` // passthrough or terminate
	Sticky          bool           `json:"sticky"`
	Allow           []netip.Prefix `json:"allow"` // empty: all
}

// ListenerCounts are the listeners of all nodes by state.
type ListenerCounts struct {
	Online int `json:"online"`
	Slow   int `json:"slow"`
	Deaf   int `json:"deaf"`
}

// Rule is an authorization rule without its keys.
type Rule struct {
	Name   string   `json:"name"`
	Rights []string `json:"rights"` // Listen, Send, Manage
}

// Keys are a rule's secrets.
type Keys struct {
	PrimaryKey       Key    `json:"primaryKey"`
	SecondaryKey     Key    `json:"secondaryKey"` // "" when the rule has none
	ConnectionString string `json:"connectionString"`
}

// Listener is one control channel.
type Listener struct {
	ID           string     `json:"id"`
	Entity       string     `json:"entity"`
	Node         int        `json:"node"`
	State        string     `json:"state"` // online
	Remote       string     `json:"remote"`
	Agent        string     `json:"agent"`
	Since        time.Time  `json:"since"`
	Offers       Offers     `json:"offers"`
	TokenExpires *time.Time `json:"tokenExpires"` // null: not known
}

// Offers counts what a listener did with the senders it was offered.
type Offers struct {
	Accepted int64 `json:"accepted"`
	Ignored  int64 `json:"ignored"`
}

// Status is the gateway in one picture.
type Status struct {
	Version      string        `json:"version"`
	Nodes        []Node        `json:"nodes"`
	Entities     int           `json:"entities"`
	Listeners    int           `json:"listeners"` // of all nodes
	Streams      int           `json:"streams"`   // of the node that answers
	Presence     []Presence    `json:"presence"`
	Certificates []Certificate `json:"certificates"`
}

// Node is one live node.
type Node struct {
	Node  int               `json:"node"`
	Doors map[string]string `json:"doors"` // door -> where others reach it
	Live  bool              `json:"live"`
	Since time.Time         `json:"since"`
}

// Presence is a listener's coming or going.
type Presence struct {
	Entity   string    `json:"entity"`
	Listener string    `json:"listener"`
	Event    string    `json:"event"`
	Reason   string    `json:"reason"`
	Time     time.Time `json:"time"`
}

// Certificate is one that a door serves.
type Certificate struct {
	Name     string    `json:"name"`
	NotAfter time.Time `json:"notAfter"`
}

// Reloaded says what a reload did, by the keys of the configuration.
type Reloaded struct {
	Changed []string `json:"changed"` // in force now
	Restart []string `json:"restart"` // changed in the file, in force after the next start
}

// ConfigProblem is one thing that is wrong with a configuration. It never holds the value of a setting.
type ConfigProblem struct {
	File       string `json:"file"` // "": the environment or the command line, which message names
	Line       int    `json:"line"` // from 1; 0: the file as a whole
	Column     int    `json:"column"`
	Key        string `json:"key"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion"`
}

// ErrorBody is every answer that says no.
type ErrorBody struct {
	Error    Error           `json:"error"`
	Problems []ConfigProblem `json:"problems,omitempty"` // of a configuration that was not taken
}

// Error says what is wrong and what to do.
type Error struct {
	Code       string `json:"code"` // one of docs/errors.md
	Message    string `json:"message"`
	Do         string `json:"do"`
	TrackingID string `json:"trackingId"` // finds the request in the gateway's log
}
