package wssec

import (
	"time"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

const (
	// DefaultLife is how long a message is good in WCF, and one without Expires.
	DefaultLife = 5 * time.Minute
	// DefaultSkew is how far clocks may be apart in WCF.
	DefaultSkew = 5 * time.Minute
)

// Timestamp says when a message was made and how long it is good (WS-Security 1.1,
// 10). Times are in UTC; a zero time is not there.
type Timestamp struct {
	ID               string
	Created, Expires time.Time
}

// NewTimestamp makes the timestamp of a message that is made now, as WCF does.
func NewTimestamp(now time.Time) *Timestamp {
	return &Timestamp{ID: "_0", Created: now, Expires: now.Add(DefaultLife)}
}

// Check tells whether the message is good now, with clocks that are skew apart:
// created before now+skew, expiring behind now-skew. Without Expires it is good for
// DefaultLife. The error is an *Error.
func (t *Timestamp) Check(now time.Time, skew time.Duration) error {
	expires := t.Expires
	switch {
	case t.Created.IsZero() && expires.IsZero():
		return invalid("the timestamp says no time")
	case expires.IsZero():
		expires = t.Created.Add(DefaultLife)
	case !t.Created.Before(expires):
		return invalid("the message expires before it is created")
	}
	switch {
	case t.Created.After(now.Add(skew)):
		return invalid("the message is from the future: compare the clocks of both sides")
	case !expires.After(now.Add(-skew)):
		return &Error{Code: MessageExpired, Detail: "the message has expired: compare the clocks of both sides"}
	}
	return nil
}

// readTimestamp reads the element start, which was just opened.
func readTimestamp(r infoset.Reader, start *infoset.Token) (*Timestamp, error) {
	t := &Timestamp{ID: ident(start)}
	return t, children(r, func(start *infoset.Token) error {
		var to *time.Time
		switch {
		case start.Name.Is(NamespaceUtility, "Created"):
			to = &t.Created
		case start.Name.Is(NamespaceUtility, "Expires"):
			to = &t.Expires
		default:
			return skip(r)
		}
		if !to.IsZero() {
			return twice(start.Name)
		}
		v, err := content(r)
		if err != nil {
			return err
		}
		*to, err = readTime(v)
		return err
	})
}

// readTime reads a time; one without zone is in UTC.
func readTime(v infoset.Value) (time.Time, error) {
	var d xsd.DateTime
	if err := d.FromValue(v); err != nil {
		return time.Time{}, invalid("a time that is none")
	}
	t := d.Time(time.UTC).UTC()
	if y := t.Year(); y < 1 || y > 9999 || t.IsZero() {
		return time.Time{}, invalid("a time that cannot be")
	}
	return t, nil
}

// formatTime gives a time as WCF writes it.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (t *Timestamp) write(w infoset.Writer) {
	w.Start(utility("Timestamp"))
	identify(w, t.ID)
	if !t.Created.IsZero() {
		leaf(w, utility("Created"), infoset.String(formatTime(t.Created)))
	}
	if !t.Expires.IsZero() {
		leaf(w, utility("Expires"), infoset.String(formatTime(t.Expires)))
	}
	w.End()
}
