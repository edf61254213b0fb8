package framing

// Role is one of the two sides of a session.
type Role byte

// The roles.
const (
	Client Role = iota
	Server

	roles = iota
)

// String names the role.
func (r Role) String() string {
	if r == Client {
		return "client"
	}
	return "server"
}

// State is how far one side has come. A client goes from Start to Open by its preamble, a server from Silent.
type State byte

// The states of a side.
const (
	Start State = iota
	GotVersion
	GotMode
	GotVia
	GotEncoding // also behind an upgrade
	Upgrading   // asked for one: says nothing before the answer
	Silent
	Owing // has to acknowledge the preamble
	Open
	Said // its one message of a singleton session
	Closed
	Faulted

	states = iota
)

var stateNames = [states]string{
	"Start", "GotVersion", "GotMode", "GotVia", "GotEncoding", "Upgrading", "Silent", "Owing", "Open", "Said", "Closed", "Faulted",
}

// String names the state.
func (s State) String() string { return stateNames[s] }

// modes and set are sets of modes and states.
type (
	modes byte
	set   uint16
)

const (
	always  modes = 1<<0 | inOne | inTwo | inThree | inFour // 1<<0: before the mode is known
	inOne   modes = 1 << SingletonUnsized
	inTwo   modes = 1 << Duplex
	inThree modes = 1 << Simplex
	inFour  modes = 1 << SingletonSized
)

func of(list ...State) set {
	var s set
	for _, state := range list {
		s |= 1 << state
	}
	return s
}

// rule is one line of the table: in that state that side may send that record, in these modes and while the other side is in
// one of these states; then it is in the state to, and the other one, where peerTo is not its own, in that.
type rule struct {
	who    Role
	in     State
	kind   Kind
	modes  modes
	peer   set
	to     State
	peerTo State
}

// rules are all that is allowed ([MC-NMF] 3.1, WCF wire reference section 1.4), for both roles and every mode. stays in
// peerTo leaves the other side where it is.
const stays = State(states)

var rules = []rule{
	{Client, Start, Version, always, of(Silent), GotVersion, stays},
	{Client, GotVersion, ModeRecord, always, of(Silent), GotMode, stays},
	{Client, GotMode, Via, always, of(Silent), GotVia, stays},
	{Client, GotVia, KnownEncoding, always, of(Silent), GotEncoding, stays},
	{Client, GotVia, ExtensibleEncoding, always, of(Silent), GotEncoding, stays},
	{Client, GotEncoding, UpgradeRequest, inOne | inTwo, of(Silent), Upgrading, stays},
	{Server, Silent, UpgradeResponse, inOne | inTwo, of(Upgrading), Silent, GotEncoding},
	{Client, GotEncoding, PreambleEnd, inOne | inTwo, of(Silent), Open, Owing},
	{Server, Owing, PreambleAck, inOne | inTwo, of(Open, Said, Closed), Open, stays}, // a client need not wait

	{Client, Open, SizedEnvelope, inTwo, of(Owing, Open, Closed), Open, stays},
	{Server, Open, SizedEnvelope, inTwo, of(Open, Closed), Open, stays},
	{Client, Open, End, inTwo, of(Owing, Open, Closed), Closed, stays},
	{Server, Open, End, always, of(Open, Said, Closed), Closed, stays}, // a one-way call has no answer but this

	{Client, Open, UnsizedEnvelope, inOne, of(Owing, Open, Closed), Said, stays},
	{Client, Said, End, inOne, of(Owing, Open, Said, Closed), Closed, stays},
	{Server, Open, UnsizedEnvelope, inOne, of(Open, Said, Closed), Said, stays}, // before the request is through, if it likes
	{Server, Said, End, inOne, of(Said, Closed), Closed, stays},

	{Client, GotEncoding, SizedEnvelope, inThree, of(Silent), GotEncoding, stays},
	{Client, GotEncoding, End, inThree, of(Silent), Closed, stays},
	{Client, GotEncoding, UnsizedEnvelope, inFour, of(Silent), Said, stays}, // the octets

	{Server, Silent, FaultRecord, always, of(GotVersion, GotMode, GotVia, GotEncoding, Upgrading, Start), Faulted, stays},
	{Server, Owing, FaultRecord, always, of(Open, Said, Closed), Faulted, stays},
	{Server, Open, FaultRecord, always, of(Open, Said, Closed), Faulted, stays},
	{Server, Said, FaultRecord, always, of(Open, Said, Closed), Faulted, stays},
	{Server, Faulted, FaultRecord, always, of(GotVersion, GotMode, GotVia, GotEncoding, Upgrading, Open, Said, Closed, Start), Faulted, stays}, // CoreWCF says it twice

	{Client, Closed, Version, always, of(Closed), GotVersion, Silent}, // the connection is used again
}

// table is rules by role, state and record; 0 is none, else the place behind.
var table = func() (t [roles][states][kinds]uint8) {
	for i, r := range rules {
		t[r.who][r.in][r.kind] = uint8(i + 1)
	}
	return t
}()

// Session keeps the rules of one session, for whoever sees both directions. The zero value is ready. It does not look into
// records: Decoder does.
type Session struct {
	mode   Mode
	states [roles]State
	begun  bool
}

// State is how far the side has come.
func (s *Session) State(who Role) State {
	if !s.begun && who == Server {
		return Silent
	}
	return s.states[who]
}

// Mode is the mode of the session; 0 before it is known.
func (s *Session) Mode() Mode { return s.mode }

// Step says that the side sends, or sent, the record; data is the content of a ModeRecord. An envelope is one step, whatever
// its parts. An error is an *Error with the fault that a server says to a client who breaks the rule; nothing has changed then.
func (s *Session) Step(who Role, k Kind, data []byte) error {
	if int(k) >= kinds {
		return errKind
	}
	at := table[who][s.State(who)][k]
	if at == 0 {
		return errOrder
	}
	r := &rules[at-1]
	if r.modes&(1<<s.mode) == 0 && k != Version || r.peer&(1<<s.State(1-who)) == 0 {
		return errOrder
	}
	if k == ModeRecord {
		if len(data) != 1 || data[0] < byte(SingletonUnsized) || data[0] > byte(SingletonSized) {
			return errMode
		}
		s.mode = Mode(data[0])
	}
	if k == Version {
		s.mode = 0
	}
	if !s.begun {
		s.begun, s.states[Server] = true, Silent
	}
	s.states[who] = r.to
	if r.peerTo != stays {
		s.states[1-who] = r.peerTo
	}
	return nil
}
