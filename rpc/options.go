package rpc

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// DefaultSize bounds an answer or a request in bytes, as it is after decompression.
const DefaultSize = 64 << 20

// DefaultTimeout bounds a call whose context does not end before, answer included.
const DefaultTimeout = 2 * time.Minute

// Option changes how a Client works, or one call where it is given to that.
type Option func(*settings)

// settings are what options set. A call has a copy.
type settings struct {
	endpoint   string
	http       *http.Client
	header     http.Header
	blocks     []func() (*soap.Header, error)
	answered   []func(*soap.Message) error
	intercept  []Interceptor
	attached   []Attachment
	came       []func([]Attachment)
	gzip       bool
	form       soap.Form
	addressing *wsa.Version
	user       string
	password   wssec.Secret
	digest     bool
	size       int64
	strict     bool
	report     func(*codec.Problem)
}

// RoundTrip sends a message and gives the answer: nil for a one-way message.
type RoundTrip func(ctx context.Context, m *soap.Message) (*soap.Message, error)

// Interceptor stands between a call and the transport: it may change the message, look at the answer, or answer itself.
type Interceptor func(next RoundTrip) RoundTrip

// WithHTTPClient takes another client than one with DefaultTimeout: for TLS, proxies, timeouts, a relay's transport.
func WithHTTPClient(h *http.Client) Option { return func(s *settings) { s.http = h } }

// WithEndpoint sends to another address.
func WithEndpoint(url string) Option { return func(s *settings) { s.endpoint = url } }

// WithHTTPHeader sets a header of the HTTP request.
func WithHTTPHeader(name, value string) Option {
	return func(s *settings) {
		s.header = s.header.Clone()
		if s.header == nil {
			s.header = http.Header{}
		}
		s.header.Set(name, value)
	}
}

// WithHeader adds a header block to requests.
func WithHeader(h *soap.Header) Option {
	return func(s *settings) {
		s.blocks = append(slices.Clip(s.blocks), func() (*soap.Header, error) {
			block := *h
			return &block, nil
		})
	}
}

// WithInterceptor puts i around the calls; the first one given is the outermost.
func WithInterceptor(i Interceptor) Option {
	return func(s *settings) { s.intercept = append(slices.Clip(s.intercept), i) }
}

// WithGzip compresses requests. Answers are always taken compressed.
func WithGzip() Option { return func(s *settings) { s.gzip = true } }

// WithMTOM sends large binary content in MIME parts of its own. Answers are always taken in that form.
func WithMTOM() Option { return func(s *settings) { s.form = soap.Multipart } }

// WithBinary sends .NET binary XML (application/soap+msbin1), for operations of SOAP 1.2 only.
func WithBinary() Option { return func(s *settings) { s.form = soap.Binary } }

// WithAddressing sends WS-Addressing headers of version v whatever the binding says; wsa.None sends none.
func WithAddressing(v wsa.Version) Option { return func(s *settings) { s.addressing = &v } }

// WithUsername sends a UsernameToken with the password itself, and a timestamp. The endpoint must then be https, or on this machine.
func WithUsername(user, password string) Option {
	return func(s *settings) { s.user, s.password, s.digest = user, wssec.NewSecret(password), false }
}

// WithUsernameDigest sends a UsernameToken with a digest of the password.
func WithUsernameDigest(user, password string) Option {
	return func(s *settings) { s.user, s.password, s.digest = user, wssec.NewSecret(password), true }
}

// WithMaxSize bounds an answer in bytes; the default is DefaultSize.
func WithMaxSize(bytes int64) Option { return func(s *settings) { s.size = bytes } }

// WithStrict makes every deviation of an answer from its schema an error.
func WithStrict() Option { return func(s *settings) { s.strict = true } }

// WithReport is told of every deviation of an answer from its schema: elements that are unknown, misplaced, missing. The call goes on.
func WithReport(report func(*codec.Problem)) Option { return func(s *settings) { s.report = report } }

// HeaderOption adds a typed header block to requests. Generated code calls it.
func HeaderOption[T any](doc *codec.Document[T], v T) Option {
	return func(s *settings) {
		s.blocks = append(slices.Clip(s.blocks), func() (*soap.Header, error) {
			return soap.NewHeader(func(w infoset.Writer) error { return doc.Write(w, v) })
		})
	}
}

// ReadHeaderOption reads a typed header block of the answer into v, if it has one. Generated code calls it.
func ReadHeaderOption[T any](doc *codec.Document[T], v *T) Option {
	return func(s *settings) {
		s.answered = append(slices.Clip(s.answered), func(m *soap.Message) (err error) {
			_, err = readHeader(m, doc, v)
			return err
		})
	}
}

// readHeader reads the first block of the document's name; false if there is none.
func readHeader[T any](m *soap.Message, doc *codec.Document[T], v *T) (bool, error) {
	h := m.Find(doc.Name.Space, doc.Name.Local)
	if h == nil {
		return false, nil
	}
	r, ok := h.Reader().(scopedReader)
	if !ok {
		return false, nil
	}
	x, err := doc.Read(codec.NewDecoder(r))
	if err != nil {
		return true, err
	}
	*v = x
	return true, nil
}
