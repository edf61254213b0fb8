package manage

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

// WriteJSON answers with a value as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // keys and texts as they are; the content type keeps browsers from reading it as a page
	_ = e.Encode(v)        // the peer has gone: nobody is left to be told
}

// refuse answers with an error.
func (a *API) refuse(w http.ResponseWriter, c *call, err error) {
	r := asRefusal(err)
	a.p.Refused(door, r.cause.Code)
	w.Header().Set("Causeway-Error", string(r.cause.Code))
	w.Header().Set("TrackingId", c.tracking)
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "SharedAccessSignature") // RFC 9110 section 11.6.1 wants one
	}
	WriteJSON(w, r.status, wire.ErrorBody{Error: wire.Error{
		Code: string(r.cause.Code), Message: r.cause.Message(), Do: r.do, TrackingID: c.tracking,
	}, Problems: r.problems})
}

// NotHere answers plain HTTP requests on the relay doors that nothing serves, in the service's own form (Hybrid
// Connections reference section 5). The message carries the tracking suffix that the reason phrase has elsewhere.
func (a *API) NotHere(w http.ResponseWriter, r *http.Request) {
	err := fail.New(fail.UpgradeRequired, "This endpoint is only for web-socket requests.")
	trail := hybrid.Trail{ID: trackingOf(r), Node: a.p.Node, System: r.Host + ":" + r.URL.EscapedPath(), Time: time.Now()}
	at := "http"
	if r.TLS != nil {
		at = "https"
	}
	a.p.Refused(at, err.Code)
	a.p.Log.LogAttrs(r.Context(), slog.LevelInfo, "refused", slog.String("door", at), slog.String("tracking", trail.ID),
		slog.String("remote", r.RemoteAddr), slog.String("reason", string(err.Code)), slog.String("side", "sender"))
	w.Header().Set("Causeway-Error", string(err.Code))
	w.Header().Set("TrackingId", trail.Mark())
	w.Header().Set("Content-Type", "application/json")
	body := hybrid.AppendErrorBody(nil, "BadRequest", trail.Reason(err.Message()))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(Status(err.Code))
	_, _ = w.Write(body) // as in WriteJSON
}

// trackingOf is the request's tracking id: the client's own when it is a GUID.
func trackingOf(r *http.Request) string {
	if id := hybrid.TrackingID(r.Header.Get("TrackingId")); id != "" {
		return id
	}
	var id [16]byte
	_, _ = rand.Read(id[:])                         // crypto/rand never fails: it ends the program instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // RFC 9562 section 5.4: version 4
	return string(hybrid.AppendGUID(nil, id))
}

// tagOf is the entity tag of a revision.
func tagOf(revision uint64) string { return `"` + strconv.FormatUint(revision, 10) + `"` }

// fits checks the conditions of a request against the revision that is there, 0 being nothing (RFC 9110 section 13.1).
// what names the thing for people.
func (c *call) fits(what string, revision uint64) error {
	if list := c.request.Header.Values("If-Match"); len(list) > 0 && !named(list, revision) {
		return precondition(what+" has changed since it was read, or is gone.", "read it again and repeat the change")
	}
	if list := c.request.Header.Values("If-None-Match"); len(list) > 0 && named(list, revision) {
		return precondition(what+" exists already.", "choose another name, or change the one that exists")
	}
	return nil
}

// named reports whether a list of tags has the revision's. A star is any state but nothing.
func named(list []string, revision uint64) bool {
	if revision == 0 {
		return false
	}
	for tag := range strings.SplitSeq(strings.Join(list, ","), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == tagOf(revision) {
			return true
		}
	}
	return false
}
