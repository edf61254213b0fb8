//go:build unix

package rawconn_test

import (
	"errors"
	"io"
	"testing"
	"time"
)

// TestResetToldOnce: when a write was told of the peer's reset, the read behind it still finds a loss and no end.
func TestResetToldOnce(t *testing.T) {
	c, far := pair(t, "")
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if err := errors.Join(far.SetLinger(0), far.Close()); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		_, err = c.Write([]byte("x"))
	}
	var lost *lostError
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &lost) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the read gives %v", err)
	}
}
