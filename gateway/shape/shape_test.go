package shape_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestTicket: the node's number stands in front, the rest is chance, and the text is hex in byte order.
func TestTicket(t *testing.T) {
	seen := map[shape.Ticket]bool{}
	for _, node := range []uint16{0, 1, 0x1234, 0xffff} {
		for range 100 {
			ticket := shape.NewTicket(node)
			if ticket.Node() != node || seen[ticket] {
				t.Fatalf("ticket %s of node %d, seen %v", ticket.Hex(), node, seen[ticket])
			}
			seen[ticket] = true
			if text := ticket.Hex(); text != fmt.Sprintf("%x", ticket[:]) || !strings.HasPrefix(text, fmt.Sprintf("%04x", node)) {
				t.Fatalf("the text of %v is %s", ticket, text)
			}
		}
	}
	ticket := shape.Ticket{0xab, 0xcd, 15: 0xef}
	if ticket.Hex() != "abcd00000000000000000000000000ef" || ticket.GUID() != "abcd0000-0000-0000-0000-0000000000ef" || ticket.Node() != 0xabcd {
		t.Errorf("%s of node %d", ticket.Hex(), ticket.Node())
	}
}

// TestTicketChance: every bit behind the node's number changes from ticket to ticket.
func TestTicketChance(t *testing.T) {
	first, changed := shape.NewTicket(1), shape.Ticket{}
	for range 64 {
		next := shape.NewTicket(1)
		for i := range next {
			changed[i] |= next[i] ^ first[i]
		}
	}
	for i, bits := range changed {
		if want := byte(0xff); i < 2 && bits != 0 || i >= 2 && bits != want {
			t.Errorf("byte %d changes in the bits %08b", i, bits)
		}
	}
}

// TestBatch counts payload and messages, empty ones and parts included.
func TestBatch(t *testing.T) {
	rows := []struct {
		pieces          []shape.Piece
		bytes, messages int
	}{
		{nil, 0, 0},
		{[]shape.Piece{{Len: 5, Last: true}}, 5, 1},
		{[]shape.Piece{{Len: 5}, {Len: 3}}, 8, 0},
		{[]shape.Piece{{Len: 5}, {Len: 3, Last: true}, {Last: true, Text: true}, {Len: 1, Last: true}}, 9, 3},
	}
	for _, row := range rows {
		b := shape.Batch{Pieces: row.pieces}
		if b.Bytes() != row.bytes || b.Messages() != row.messages {
			t.Errorf("%v: %d bytes, %d messages", row.pieces, b.Bytes(), b.Messages())
		}
	}
}

// TestEnd: it names the reason and the peer's words, and gives the loss behind it.
func TestEnd(t *testing.T) {
	cause := errors.New("reset by peer")
	err := fmt.Errorf("read: %w", &shape.End{Why: fail.Aborted, Code: 1001, Text: "bye", Cause: cause})
	if err.Error() != "read: stream ended: Aborted: bye" || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	if got := (&shape.End{Why: fail.Idle}).Error(); got != "stream ended: Idle" {
		t.Errorf("%s", got)
	}
}
