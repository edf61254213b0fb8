package entry

import (
	"bytes"
	"fmt"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

// upgrade answers a listen handshake and makes the connection the channel's line.
func (c *control) upgrade(v *visit) error {
	if err := v.welcome(""); err != nil {
		return fmt.Errorf("answer the listener: %w", err)
	}
	c.line.Init(v.arrival.Conn, bytes.Clone(v.arrival.Read), wire.MaxText)
	return nil
}
