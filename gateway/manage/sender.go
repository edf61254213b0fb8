package manage

import (
	"io"
	"net/http"
	"time"
)

// feedWrite is how long a watcher's connection may take nothing.
const feedWrite = 30 * time.Second

// sender writes a stream of server-sent events, each as soon as it is there.
type sender struct {
	w       io.Writer
	control *http.ResponseController
}

// newSender begins the answer with the head of such a stream.
func newSender(w http.ResponseWriter) *sender {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies that gather answers would hold events back
	return &sender{w, http.NewResponseController(w)}
}

// send writes and flushes. A connection without deadlines, as in tests, has none to set.
func (s *sender) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(feedWrite)) // a dead connection says so at the write
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}
