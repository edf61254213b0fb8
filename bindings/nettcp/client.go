package nettcp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// firstRead is room for a preamble of ordinary size; it grows up to the limits.
const firstRead = 512

// client is one connection with its sessions, one after the other.
type client struct {
	door   *Door
	line   line
	remote netip.AddrPort
	leave  func()
}

// end is the end of the connection.
func (c *client) end() {
	c.line.hangUp()
	c.door.open.Drop(c.line)
	c.leave()
}

// hello is what the client said, as far as that is known.
func (c *client) hello(to *destination) *shape.Hello {
	h := &shape.Hello{Tracking: c.door.p.Tracking(), Door: Name, Remote: c.remote, Host: c.line.LocalAddr().String()}
	if to != nil {
		h.At, h.Target, h.Host = to.at, to.target, to.host
	}
	return h
}

// next is one session up to its answer; read is what came of it already. The stream runs on a goroutine of its own, because
// this one keeps the stack that the look-up needed and an idle connection would pay for it.
func (c *client) next(ctx context.Context, read []byte) {
	s := &session{client: c, conn: c.line, until: time.Now().Add(c.door.p.Preamble)}
	pump := s.arrive(ctx, read)
	if pump == nil {
		c.end()
		return
	}
	c.door.conns.Go(func() {
		pump()
		if rest, goesOn := s.over(); goesOn {
			c.door.conns.Go(func() { c.next(ctx, rest) })
			return
		}
		c.end()
	})
}

// session is one that waits for its listener.
type session struct {
	*client
	until    time.Time
	preamble *framing.Preamble
	to       *destination
	entity   *entity.Entity
	told     *shape.Hello
	early    []byte   // came behind the preamble
	conn     net.Conn // the line, or TLS over it
	fence    *fence
	watch    *leg.Watcher
	cut      context.CancelCauseFunc // ends the stream
	leg      *sessionLeg
	over     func() (rest []byte, goesOn bool) // behind the session
}

// arrive reads the preamble and asks the relay. nil: the client was turned away, or left.
func (s *session) arrive(ctx context.Context, read []byte) (pump func()) {
	refusal := s.listen(read)
	if refusal == nil {
		refusal = s.upgrade(ctx)
	}
	if refusal != nil {
		s.turnAway(refusal)
		return nil
	}
	if mode, casts := s.casts(); casts {
		return s.cast(ctx, mode)
	}
	ctx, gone := context.WithCancelCause(ctx)
	if s.conn.SetDeadline(time.Time{}) != nil {
		gone(nil)
		return nil
	}
	s.watch, s.cut = leg.Watch(s.conn, false, gone), gone
	flow, err := s.door.p.Relay.Connect(ctx, relay.Ask{Need: entity.Send, Cred: s.to.cred}, s)
	if err != nil || s.leg == nil { // the client was told, or left, and the relay keeps the account
		if flow != nil {
			flow.Run()
		}
		gone(nil)
		return nil
	}
	return func() {
		defer gone(nil)
		flow.Run()
	}
}

// errQuiet is an end that nobody has to hear of: a connection that said nothing, as of a balancer that looks.
var errQuiet = errors.New("nettcp: nothing was said")

// listen reads the preamble and what the Via says.
func (s *session) listen(read []byte) *fail.Error {
	buf := append(make([]byte, 0, firstRead), read...)
	for {
		p, n, err := framing.ParsePreamble(buf, s.door.p.Limits)
		switch {
		case err == nil:
			s.preamble, s.early = p, slices.Clone(buf[n:])
			return s.locate()
		case !errors.Is(err, framing.ErrShort):
			return fail.Wrap(codeOf(err), "preamble", err)
		}
		buf = slices.Grow(buf, firstRead)
		n, err = withDeadline(s.line, s.until, buf[len(buf):cap(buf)])
		if buf = buf[:len(buf)+n]; n == 0 {
			return broken(err, len(buf) == 0)
		}
	}
}

// broken is what became of a preamble that did not come whole.
func broken(err error, nothing bool) *fail.Error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail.Wrap(fail.SlowHead, "preamble", err)
	case nothing:
		return fail.Wrap(fail.SenderGone, "preamble", errQuiet)
	default:
		return fail.Wrap(fail.SenderGone, "preamble", err)
	}
}

func (s *session) locate() *fail.Error {
	if m := s.preamble.Mode; m == framing.Simplex || m == framing.SingletonSized {
		return fail.Newf(fail.BadRequest, "Mode %d is for queues.", m) // WCF's listeners close, without a fault
	}
	to, err := parseVia(s.preamble.Via)
	if err != nil {
		return err
	}
	s.to = to
	// A plain client has nothing to show, and what it gets wrong first is the address: it is told so, and not that a token is
	// missing.
	if s.entity = s.door.p.Find(to.at); s.entity == nil {
		return fail.New(fail.UnknownEntity, "Endpoint does not exist.")
	}
	return to.safeFor(s.remote.Addr().Unmap().IsLoopback(), s.door.p.PlainTokens)
}

// upgrade ends TLS here, if the entity wants it so; all other upgrades are for the listener.
func (s *session) upgrade(ctx context.Context) *fail.Error {
	switch {
	case !s.endsTLS():
		return nil
	case s.door.p.TLS == nil:
		return fail.New(fail.UpgradeRequired, "TLS is to end at the gateway, which has no certificate: open the https door.")
	case s.preamble.Upgrade != framing.UpgradeTLS:
		return fail.Newf(fail.UpgradeRequired, "The entity takes the upgrade %s only.", framing.UpgradeTLS)
	}
	if err := s.line.SetDeadline(s.until); err != nil {
		return fail.Wrap(fail.SenderGone, "upgrade", err)
	}
	if _, err := s.line.Write([]byte{byte(framing.UpgradeResponse)}); err != nil {
		return fail.Wrap(fail.SenderGone, "upgrade", err)
	}
	s.fence = newFence(s.line, s.preamble, s.early)
	secure := &secured{Conn: tls.Server(s.fence, s.config()), below: s.fence}
	if err := secure.HandshakeContext(ctx); err != nil {
		return s.failed(err)
	}
	s.conn = secure
	if shown := secure.ConnectionState().VerifiedChains; len(shown) > 0 && s.to.cred.Scheme == auth.None {
		s.to.cred = auth.Credential{Scheme: auth.Certificate, Text: shown[0][0].Subject.CommonName}
	}
	return s.inside()
}

// endsTLS reports whether an upgrade to TLS ends here: where the entity wants it so, and where the door is the endpoint.
func (s *session) endsTLS() bool {
	_, casts := s.casts()
	ends := casts || s.entity.Settings.Convert.From(true) != nil
	return s.entity.Settings.EndTLS || ends && s.preamble.Upgrade == framing.UpgradeTLS
}

// config chooses the certificate by the Via: .NET's clients name no server (WCF wire reference section 5).
func (s *session) config() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	s.door.p.TLS(c)
	host := hostOf(s.to.host)
	if choose := c.GetCertificate; choose != nil {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == "" {
				named := *hello
				named.ServerName = host
				hello = &named
			}
			return choose(hello)
		}
	}
	return c
}

// failed is a handshake that came to nothing: TLS has told the client by itself, as far as it can be told.
func (s *session) failed(err error) *fail.Error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fail.Wrap(fail.SlowHead, "upgrade", err)
	}
	if errors.Is(err, io.EOF) {
		return fail.Wrap(fail.SenderGone, "upgrade", err)
	}
	return fail.Wrap(fail.BadRequest, "upgrade", err)
}

// inside reads the end of the preamble, which is the first thing within TLS.
func (s *session) inside() *fail.Error {
	buf := make([]byte, firstRead)
	n, err := s.conn.Read(buf)
	switch {
	case n == 0:
		return broken(err, false)
	case buf[0] == byte(framing.UpgradeRequest):
		return fail.New(fail.UpgradeRequired, "One upgrade is enough.")
	case buf[0] != byte(framing.PreambleEnd):
		return fail.New(fail.BadRequest, "The end of the preamble has to follow an upgrade.")
	}
	s.early = buf[1:n]
	return nil
}

// replay is the preamble for the listener.
func (s *session) replay() []byte {
	via := s.preamble.Via
	if s.to.forward != "" {
		via = s.to.forward
	}
	if s.fence != nil { // the listener hears of no upgrade
		p := *s.preamble
		p.Via, p.Upgrade = via, ""
		return p.Append(nil)
	}
	if s.to.forward != "" {
		return s.preamble.ReplayTo(via)
	}
	return s.preamble.Replay()
}

// Hello implements shape.Party.
func (s *session) Hello() *shape.Hello {
	if s.told == nil {
		s.told = s.hello(s.to)
	}
	return s.told
}

// Accept implements shape.Party: the listener's own acknowledgement is the yes.
func (s *session) Accept(shape.Answer) (shape.Leg, error) {
	late, err := s.watch.Stop()
	if err != nil {
		return nil, err
	}
	replay := s.replay()
	s.leg = &sessionLeg{
		TCP:  leg.NewTCP(s.conn, slices.Concat(replay, s.early, late), s.door.p.Write),
		line: s.line, fence: s.fence, via: s.preamble.Via, forward: s.to.forward,
		limits: s.door.p.Limits, patient: s.door.p.Preamble,
		skip: len(replay), passage: framing.NewPassage(s.preamble), cut: s.cut,
	}
	s.over = s.leg.rest
	s.leg.quiet = newQuiet(s.door.p.Quiet, func() {
		s.leg.Abort(&shape.End{Why: fail.Idle, Text: "nothing flowed for as long as timeouts.session allows"})
	})
	return s.leg, nil
}

// Refuse implements shape.Party.
func (s *session) Refuse(err *fail.Error) {
	if _, gone := s.watch.Stop(); gone == nil {
		s.say(s.conn, faultOf(err))
	}
}

// turnAway refuses what did not come to the relay.
func (s *session) turnAway(err *fail.Error) {
	if errors.Is(err, errQuiet) {
		return
	}
	_ = s.door.p.Relay.Turned("stream", s.Hello(), err)
	s.say(s.conn, faultOf(err))
}

// Bounds of a farewell: WCF's listeners read on for as many bytes, so that what they said is not lost to a reset.
const (
	farewellBytes = 64 << 10
	farewellTime  = 2 * time.Second
)

// say tells the client a fault, ends what is sent and hears it out for a while. Without a fault there is nothing to say.
func (c *client) say(conn net.Conn, f framing.Fault) {
	if f == "" || conn.SetDeadline(time.Now().Add(farewellTime)) != nil {
		return
	}
	if _, err := conn.Write(framing.AppendFault(nil, f)); err != nil {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.line, farewellBytes)
}
