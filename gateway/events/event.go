package events

import "time"

// The names of events. They are a contract: contracts section 4, docs/api.md.
const (
	ListenerConnected    = "listener.connected"
	ListenerDisconnected = "listener.disconnected"
	ListenerDeaf         = "listener.deaf"
	ListenerBack         = "listener.back"
	ListenerMissing      = "listener.missing" // a message that was cast to it did not reach it, the first behind one that did
	EntityCreated        = "entity.created"
	EntityUpdated        = "entity.updated"
	EntityDeleted        = "entity.deleted"
	LimitReached         = "limit.reached"
	CertificateExpiring  = "certificate.expiring"
)

// Names lists all names of events.
func Names() []string {
	return []string{
		ListenerConnected, ListenerDisconnected, ListenerDeaf, ListenerBack, ListenerMissing, EntityCreated, EntityUpdated, EntityDeleted,
		LimitReached, CertificateExpiring,
	}
}

// Event is something that happened. What does not belong to its kind is zero.
type Event struct {
	ID          string        `json:"id"` // the same at every node; given by the log unless it is set
	Name        string        `json:"name"`
	Time        time.Time     `json:"time"`   // given by the log unless it is set
	Entity      string        `json:"entity"` // the relay's name; "" when it is none's
	Node        uint16        `json:"node"`   // where it happened; 0: everywhere
	Listener    string        `json:"listener"`
	Channel     uint64        `json:"channel"` // tells two of one listener id apart
	Remote      string        `json:"remote"`
	Reason      string        `json:"reason"` // a code of docs/errors.md
	Text        string        `json:"text"`   // why, for people
	Lasted      time.Duration `json:"lasted"`
	Certificate string        `json:"certificate"`
	NotAfter    time.Time     `json:"notAfter"`
}
