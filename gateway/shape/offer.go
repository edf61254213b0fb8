package shape

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"time"
)

// Conn is a connection that is given away.
type Conn = net.Conn

// Ticket is a one-shot, expiring right to a seat in a rendezvous: 2 bytes node number (big-endian), 14 random. Its text
// is lower-case hex in byte order; entries show it as GUID, 32 hex or GUID_G<n>.
type Ticket [16]byte

// NewTicket makes a ticket of the node.
func NewTicket(node uint16) Ticket {
	var t Ticket
	_, _ = rand.Read(t[2:]) // crypto/rand never fails: it ends the program instead
	binary.BigEndian.PutUint16(t[:2], node)
	return t
}

// Node is the node that gave the ticket out.
func (t Ticket) Node() uint16 { return binary.BigEndian.Uint16(t[:2]) }

// Hex is the ticket as 32 hex digits, as it travels between nodes.
func (t Ticket) Hex() string { return hex.EncodeToString(t[:]) }

// GUID is the ticket as people read it: in the log, and in what listeners and connectors say of a rendezvous.
func (t Ticket) GUID() string {
	var text [36]byte
	dst := text[:0]
	for _, group := range [...][]byte{t[:4], t[4:6], t[6:8], t[8:10]} {
		dst = append(hex.AppendEncode(dst, group), '-')
	}
	return string(hex.AppendEncode(dst, t[10:]))
}

// Offer asks a listener to open a rendezvous.
type Offer struct {
	Ticket   Ticket
	Hello    *Hello            // the sender's
	Dial     map[string]string // door -> host:port where the ticket is valid; nil: this node, as the listener dialled it
	Deadline time.Time         // when the ticket expires
}

// Offerer tells a listener of an offer. It returns nil when the notice is written: the answer comes as a rendezvous.
type Offerer interface {
	Offer(context.Context, *Offer) error
}

// Preface travels before the bytes of a connection that is carried to another node (wire form: mesh.Link).
type Preface struct {
	Door, Host string
	Remote     netip.AddrPort
	TLS        bool   // already past TLS
	Upgraded   bool   // the peer has its 101 already
	Cert       []byte // the peer's certificate, DER
	Ticket     Ticket // with Upgraded only
	Replay     []byte // what was read of the connection and must be read again
}
