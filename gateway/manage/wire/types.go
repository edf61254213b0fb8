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
	Allow           []netip.Prefix `json:"allow"`    // empty: all
	Metadata        []Document     `json:"metadata"` // the attached description, without its text; empty: the service's own
	// ListenerBinding is what listeners speak, as 'causeway bindings --pairs' names it; "": what senders do, and nothing is converted.
	ListenerBinding string   `json:"listenerBinding"`
	ServiceAddress  string   `json:"serviceAddress"` // what converted messages name in Via and To; "": the relay's own address
	OneWay          []string `json:"oneWay"`         // actions of operations without an answer; * at the end for all that begin so
}

// Document is a file of an attached description. The gateway shows its size in the place of its text.
type Document struct {
	Name string `json:"name"`
	Size int    `json:"size"` // bytes
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
	State        string     `json:"state"` // online, slow, deaf
	Remote       string     `json:"remote"`
	Agent        string     `json:"agent"`
	Since        time.Time  `json:"since"`
	Offers       Offers     `json:"offers"`
	Casts        Casts      `json:"casts"`
	TokenExpires *time.Time `json:"tokenExpires"` // null: not known
}

// Offers counts what a listener did with the senders it was offered.
type Offers struct {
	Accepted int64 `json:"accepted"`
	Ignored  int64 `json:"ignored"`
}

// Casts counts the messages that were cast to a listener: what was delivered, missed or waits is all that was sent to it.
type Casts struct {
	Delivered int64 `json:"delivered"`
	Missed    int64 `json:"missed"`
	Waiting   int64 `json:"waiting"`
}

// Status is the gateway in one picture.
type Status struct {
	Version      string        `json:"version"`
	Nodes        []Node        `json:"nodes"`
	Entities     int           `json:"entities"`
	Listeners    int           `json:"listeners"` // of all nodes
	Streams      int           `json:"streams"`   // of the node that answers
	Exchanges    int           `json:"exchanges"` // likewise, those included that run there for another node's sender
	Presence     []Presence    `json:"presence"`  // the newest last
	Certificates []Certificate `json:"certificates"`
	// Entity and Listening are shown when one relay was asked for: it, and who listens there.
	Entity    *Entity    `json:"entity,omitempty"`
	Listening []Listener `json:"listening,omitempty"`
}

// Node is one live node.
type Node struct {
	Node  int               `json:"node"`
	Doors map[string]string `json:"doors"` // door -> where others reach it; of the node that answers also its TCP ports: tcp/ENTITY -> where it is bound
	Live  bool              `json:"live"`
	Since time.Time         `json:"since"`
}

// Presence is a listener's coming or going, or what it seemed to be between.
type Presence struct {
	Entity   string    `json:"entity"`
	Listener string    `json:"listener"`
	Event    string    `json:"event"`  // listener.connected, .disconnected, .deaf or .back
	Reason   string    `json:"reason"` // a code of docs/errors.md, or ""
	Text     string    `json:"text"`   // why, for people
	Node     int       `json:"node"`
	Remote   string    `json:"remote"`
	Duration Span      `json:"duration"` // how long its channel had been open
	Time     time.Time `json:"time"`
}

// Event is something that happened: the data of a server-sent event, and a line of 'causeway tail -o json'. Members that do
// not belong to a name are empty.
type Event struct {
	ID          string     `json:"id"`
	Time        time.Time  `json:"time"`
	Event       string     `json:"event"`
	Entity      string     `json:"entity"`
	Remote      string     `json:"remote"`
	Reason      string     `json:"reason"` // a code of docs/errors.md, or ""
	In          int64      `json:"in"`
	Out         int64      `json:"out"`
	Duration    Span       `json:"duration"` // of a listener: how long its channel had been open
	Node        int        `json:"node"`     // where it happened; 0: everywhere
	Listener    string     `json:"listener,omitempty"`
	Text        string     `json:"text,omitempty"` // why, for people
	Certificate string     `json:"certificate,omitempty"`
	NotAfter    *time.Time `json:"notAfter,omitempty"`
}

// Traffic is a picture of what runs on all nodes. Counts of bytes are payload since the sender's node started: the difference
// of two pictures is the rate.
type Traffic struct {
	Time      time.Time       `json:"time"`
	Entities  []EntityTraffic `json:"entities"` // every relay
	Listeners []Listener      `json:"listeners"`
	Streams   []Stream        `json:"streams"` // that run, the busiest first
	Missing   []int           `json:"missing"` // nodes that did not answer
}

// EntityTraffic is what one relay carries.
type EntityTraffic struct {
	Entity    string         `json:"entity"`
	Listeners ListenerCounts `json:"listeners"`
	Streams   int            `json:"streams"`
	In        int64          `json:"in"` // from senders to listeners
	Out       int64          `json:"out"`
}

// Stream is one that runs.
type Stream struct {
	ID           string    `json:"id"` // its tracking id
	Entity       string    `json:"entity"`
	Listener     string    `json:"listener"`
	Node         int       `json:"node"` // the sender's
	ListenerNode int       `json:"listenerNode"`
	Remote       string    `json:"remote"` // the sender's
	Since        time.Time `json:"since"`
	In           int64     `json:"in"`
	Out          int64     `json:"out"`
	Messages     int64     `json:"messages"`
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
