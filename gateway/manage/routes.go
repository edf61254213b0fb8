package manage

import (
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
)

func (a *API) routes() {
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, fail.New(fail.UnknownEntity, "The management API has nothing at this path."))
	})
}

// NotHere answers plain HTTP requests on the relay doors that nothing serves.
func (a *API) NotHere(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r, fail.New(fail.UpgradeRequired, "This endpoint is only for web-socket requests."))
}
