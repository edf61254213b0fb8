// Package wsframe is the WebSocket frame codec of RFC 6455, sections 4.2.2, 5 and 7.4, without input and output.
//
// It owns the frame header in both directions, masking, the rules about which frame may follow which (Sequence), the
// payload of a Close frame, the pong that is owed (PongSlot) and the accept key of the opening handshake. It does not own buffers, connections, timers,
// message assembly, UTF-8 checks of text messages or extensions: the relay passes text on as it came and declines every
// extension, so a reserved bit is an error here.
//
// Frames are never collected: a caller reads a chunk, decodes a header, checks it with Sequence, unmasks as much of the
// payload as the chunk holds with Mask and keeps only how many payload bytes are still to come. Nothing on that path
// allocates; the errors are package variables too.
//
// The functions keep no state and may be called from any goroutine, and so may the methods of a PongSlot. A Sequence belongs to
// the one goroutine that reads its connection.
package wsframe
