package manage

import (
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// maxBody bounds a request's body. The largest that is taken is an entity with an attached description (entity.MaxDocumentBytes), which
// JSON can make twice as long.
const maxBody = 2 << 20

// serve takes one request through all stations.
func (a *API) serve(w http.ResponseWriter, r *http.Request, segments []string, token entity.Secret) {
	c := &call{request: r, tracking: trackingOf(r)}
	result, err := a.answer(w.Header(), c, segments, token)
	a.audit(c, err)
	if err != nil {
		a.refuse(w, c, err)
		return
	}
	if write, ok := result.body.(stream); ok {
		write(w)
		return
	}
	if result.body == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if result.tag != 0 {
		w.Header().Set("ETag", tagOf(result.tag))
	}
	WriteJSON(w, result.status, result.body)
}

// answer finds out what is asked, by whom, and does it. Who may not manage learns nothing of what there is.
func (a *API) answer(h http.Header, c *call, segments []string, token entity.Secret) (answer, error) {
	where, args := find(segments)
	c.args = args
	bad := c.address()
	if err := a.authorize(c, token); err != nil {
		return answer{}, err
	}
	switch {
	case bad != nil:
		return answer{}, bad
	case where == nil:
		return answer{}, fail.New(fail.UnknownEntity, "The management API has nothing at this path.")
	}
	do, ok := where.action(c.request.Method)
	if !ok {
		allowed := strings.Join(where.allowed(), ", ")
		h.Set("Allow", allowed)
		return answer{}, &refusal{cause: fail.New(fail.BadRequest, "The method is not allowed here: use "+allowed+"."), status: http.StatusMethodNotAllowed}
	}
	return a.act(do, c)
}

// act reads the body and runs the action.
func (a *API) act(do action, c *call) (answer, error) {
	if err := c.read(); err != nil {
		return answer{}, err
	}
	return do(a, c.request.Context(), c)
}

// address makes the address of the entity that the path names.
func (c *call) address() error {
	name, ok := c.args["entity"]
	if !ok {
		return nil
	}
	at, err := entity.NewAddress("", name)
	if err != nil {
		return fail.Newf(fail.BadRequest, "The name cannot be an address: %v.", err)
	}
	c.at = at
	return nil
}

// read takes in the body of a request that may have one.
func (c *call) read() error {
	switch c.request.Method {
	case http.MethodPut, http.MethodPatch, http.MethodPost:
	default:
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(c.request.Body, maxBody+1))
	switch {
	case err != nil:
		return fail.Wrap(fail.BadRequest, "read the body", err)
	case len(b) > maxBody:
		return fail.Newf(fail.TooLarge, "The body has more than %d bytes.", maxBody)
	}
	c.body = b
	return nil
}

// audit writes one line for each change, and for everything that is refused. Paths hold no secrets; queries and bodies may.
func (a *API) audit(c *call, failure error) {
	switch c.request.Method {
	case http.MethodGet, http.MethodHead:
		if failure == nil {
			return
		}
	}
	path, _, _ := strings.Cut(c.request.URL.Path, "?") // an encoded one: what follows was meant as a query
	attrs := []slog.Attr{
		slog.String("method", c.request.Method), slog.String("path", path), slog.String("tracking", c.tracking),
		slog.String("remote", c.request.RemoteAddr), slog.String("rule", c.who),
	}
	if failure != nil {
		why := fail.Of(failure)
		attrs = append(attrs, slog.String("reason", string(why.Code)))
		if why.Cause != nil {
			attrs = append(attrs, slog.Any("cause", why.Cause))
		}
	}
	a.p.Log.LogAttrs(c.request.Context(), slog.LevelInfo, "management", attrs...)
}
