package manage_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// TestReload: what a reload says to who may manage, and that nobody else can start one.
func TestReload(t *testing.T) {
	calls := 0
	done, problems, failure := wire.Reloaded{Changed: []string{"entities"}, Restart: []string{}}, []wire.ConfigProblem(nil), error(nil)
	w := newWorld(t, func(p *manage.Params) {
		p.Reload = func(context.Context) (wire.Reloaded, []wire.ConfigProblem, error) {
			calls++
			return done, problems, failure
		}
	})
	if got := w.ask("POST", "/$api/reload", "").want(t, http.StatusOK).body; got != `{"changed":["entities"],"restart":[]}`+"\n" {
		t.Errorf("got %s", got)
	}
	w.as("", "POST", "/$api/reload", "").code(t, http.StatusUnauthorized, "MissingToken")
	if calls != 1 {
		t.Errorf("%d reloads, want the one of who may", calls)
	}
	problems, failure = []wire.ConfigProblem{{File: "causeway.yaml", Line: 3, Column: 1, Key: "hots", Message: "unknown key", Suggestion: "hosts"}}, errors.New("problems")
	w.ask("POST", "/$api/reload", "").code(t, http.StatusUnprocessableEntity, "BadRequest", "Nothing has changed",
		`"problems":[{"file":"causeway.yaml","line":3,"column":1,"key":"hots","message":"unknown key","suggestion":"hosts"}]`)
	problems, failure = nil, errors.New("restart it")
	w.ask("POST", "/$api/reload", "").code(t, http.StatusBadRequest, "BadRequest", "restart it")
	newWorld(t).ask("POST", "/$api/reload", "").code(t, http.StatusBadRequest, "BadRequest", "restart it")
	w.ask("GET", "/$api/reload", "").code(t, http.StatusMethodNotAllowed, "BadRequest")
}
