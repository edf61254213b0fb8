package hybrid

import (
	"context"
	"errors"

	"github.com/causeway-relay/causeway/hybrid/internal/endpoint"
	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
)

// newEndpoint reads a connection string with what the options add to it.
func newEndpoint(connectionString string, s *settings) (*endpoint.Endpoint, error) {
	return endpoint.New(connectionString, s.entity, endpoint.Source(s.source))
}

// dialer opens connections to gateways; its errors are those that programs see.
type dialer struct{ *handshake.Dialer }

// newDialer reads whom to trust. authority is that of the connection string.
func newDialer(s *settings, authority string) (*dialer, error) {
	d, err := handshake.New(handshake.Params{Authority: authority, CAFile: s.caFile, TLS: s.tls, Plain: s.plain, Dial: s.netDial})
	if err != nil {
		return nil, err
	}
	return &dialer{d}, nil
}

// upgrade is Upgrade with an error that is an *Error without Op and Target.
func (d *dialer) upgrade(ctx context.Context, at *wire.Address, raw bool, more http1.Fields) (*handshake.Upgraded, error) {
	u, err := d.Upgrade(ctx, at, raw, more)
	if err == nil {
		return u, nil
	}
	if no, ok := errors.AsType[*handshake.Refusal](err); ok {
		return nil, refused(no.Status, no.Reason, no.Fields)
	}
	return nil, unanswered(err)
}
