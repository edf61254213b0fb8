package manage

import (
	"encoding/json"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// WriteJSON answers with a value as JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer has gone: nobody is left to be told
}

// errorBody is an error as the API shows it.
type errorBody struct {
	Error struct {
		Code       fail.Code `json:"code"`
		Message    string    `json:"message"`
		Do         string    `json:"do,omitempty"`
		TrackingID string    `json:"trackingId"`
	} `json:"error"`
}

// refuse answers with an error.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err *fail.Error) {
	var body errorBody
	body.Error.Code, body.Error.Message, body.Error.Do = err.Code, err.Message(), err.Code.Info().Do
	if body.Error.TrackingID = err.Tracking; body.Error.TrackingID == "" {
		body.Error.TrackingID = trackingOf(r)
	}
	w.Header().Set("Causeway-Error", string(err.Code))
	w.Header().Set("TrackingId", body.Error.TrackingID)
	WriteJSON(w, Status(err.Code), body)
}

// trackingOf is the request's tracking id: the client's own when it is a GUID.
func trackingOf(r *http.Request) string {
	if id := wire.TrackingID(r.Header.Get("TrackingId")); id != "" {
		return id
	}
	return newTracking()
}
