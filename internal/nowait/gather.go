package nowait

import "net"

// GatherMost is the longest gathered write that the scheduler is not told of: a message of 64 KiB and what stands around it, with room.
const GatherMost = 128 << 10

// gatherer is a Conn, or what embeds one.
type gatherer interface {
	gather(all *net.Buffers) (int64, error)
}

// Gather writes all the buffers, in one write where the connection can, and consumes them as net.Buffers.WriteTo does. It returns how many
// bytes left. Errors are those of conn.Write.
func Gather(conn net.Conn, all *net.Buffers) (int64, error) {
	if g, ok := conn.(gatherer); ok && length(*all) <= GatherMost { // no Conn is one where that is no better
		return g.gather(all)
	}
	return all.WriteTo(conn)
}

func length(all net.Buffers) (n int) {
	for _, p := range all {
		n += len(p)
	}
	return n
}
