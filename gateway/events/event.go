package events

import "time"

// The names of events. They are a contract: contracts section 4, docs/api.md.
const (
	ListenerConnected    = "listener.connected"
	ListenerDisconnected = "listener.disconnected"
	ListenerDeaf         = "listener.deaf"
	ListenerBack         = "listener.back"
	EntityCreated        = "entity.created"
	EntityUpdated        = "entity.updated"
	EntityDeleted        = "entity.deleted"
	LimitReached         = "limit.reached"
	CertificateExpiring  = "certificate.expiring"
)

// Names lists all names of events.
func Names() []string {
	return []string{
		ListenerConnected, ListenerDisconnected, ListenerDeaf, ListenerBack, EntityCreated, EntityUpdated, EntityDeleted,
		LimitReached, CertificateExpiring,
	}
}

// Event is something that happened. What does not belong to its kind is zero.
type Event struct {
	ID          string // the same at every node; given by the log unless it is set
	Name        string
	Time        time.Time // given by the log unless it is set
	Entity      string    // the relay's name; "" when it is none's
	Node        uint16    // where it happened; 0: everywhere
	Listener    string
	Channel     uint64 // tells two of one listener id apart
	Remote      string
	Reason      string // a code of docs/errors.md
	Text        string // why, for people
	Lasted      time.Duration
	Certificate string
	NotAfter    time.Time
}
