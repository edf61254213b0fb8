package manage_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/store"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

func TestRules(t *testing.T) {
	w := newWorld(t)
	w.ask("PUT", "/$api/entities/x", `{"rules":[]}`).want(t, http.StatusCreated)
	for _, scope := range []string{"/$api/rules", "/$api/entities/x/rules"} {
		w.ask("PUT", scope+"/S", `{"rights":["Send"]}`, "If-None-Match: *").want(t, http.StatusCreated, `{"name":"S","rights":["Send"]}`)
		w.ask("PUT", scope+"/s", `{"rights":["Send"]}`, "If-None-Match: *").code(t, http.StatusPreconditionFailed, "Conflict")
		before := decode[wire.Keys](t, w.ask("GET", scope+"/S/keys", "").want(t, http.StatusOK))

		w.ask("PUT", scope+"/s", `{"name":"S","rights":["listen"]}`).want(t, http.StatusOK, `{"name":"S","rights":["Listen"]}`)
		w.ask("PATCH", scope+"/S", `{"secondaryKey":"two"}`).want(t, http.StatusOK, `{"name":"S","rights":["Listen"]}`)
		w.ask("GET", scope+"/S", "").want(t, http.StatusOK, `{"name":"S","rights":["Listen"]}`)
		after := decode[wire.Keys](t, w.ask("GET", scope+"/S/keys", "").want(t, http.StatusOK))
		if after.PrimaryKey != before.PrimaryKey || after.SecondaryKey != "two" {
			t.Errorf("%s: a change of rights changed keys", scope)
		}

		w.ask("PUT", scope+"/S", `{}`).code(t, http.StatusBadRequest, "BadRequest", "rights: is missing")
		w.ask("PUT", scope+"/S", `{"rights":[]}`).code(t, http.StatusBadRequest, "BadRequest", "grants nothing")
		w.ask("PUT", scope+"/S", `{"rights":["Send"],"name":"T"}`).code(t, http.StatusBadRequest, "BadRequest", "cannot be changed")
		w.ask("PATCH", scope+"/S", `{"primaryKey":"a b"}`).code(t, http.StatusBadRequest, "BadRequest", "primaryKey: expected printable")
		w.ask("PATCH", scope+"/S", `{"primaryKey":""}`).code(t, http.StatusBadRequest, "BadRequest", "1 to 256")
		w.ask("PUT", scope+"/a%20b", `{"rights":["Send"]}`).code(t, http.StatusBadRequest, "BadRequest", "letters, digits")
		w.ask("PATCH", scope+"/none", `{}`).code(t, http.StatusNotFound, "UnknownEntity", "causeway rule create")

		w.ask("DELETE", scope+"/S", "").want(t, http.StatusNoContent)
		for _, c := range [][2]string{{"GET", ""}, {"DELETE", ""}, {"GET", "/keys"}} {
			w.ask(c[0], scope+"/S"+c[1], "").code(t, http.StatusNotFound, "UnknownEntity")
		}
		w.ask("POST", scope+"/S/keys", `{"regenerate":"primary"}`).code(t, http.StatusNotFound, "UnknownEntity")
	}
	w.ask("GET", "/$api/entities/none/rules", "").code(t, http.StatusNotFound, "UnknownEntity", "none")
	w.ask("PUT", "/$api/entities/none/rules/a", `{"rights":["Send"]}`).code(t, http.StatusNotFound, "UnknownEntity")
}

// TestDeleteOne deletes a rule that others follow: only that one goes.
func TestDeleteOne(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.ask("PUT", "/$api/rules/"+name, `{"rights":["Send"]}`).want(t, http.StatusCreated)
	}
	w.ask("DELETE", "/$api/rules/A", "").want(t, http.StatusNoContent)
	names := []string{}
	for _, r := range decode[[]wire.Rule](t, w.ask("GET", "/$api/rules", "")) {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != entity.RootRule+" b c" {
		t.Errorf("left are %s", got)
	}
}

func TestRuleLimit(t *testing.T) {
	w := newWorld(t)
	for i := range entity.MaxRules - 1 {
		w.ask("PUT", fmt.Sprintf("/$api/rules/r%d", i), `{"rights":["Send"]}`).want(t, http.StatusCreated)
	}
	w.ask("PUT", "/$api/rules/more", `{"rights":["Send"]}`).code(t, http.StatusBadRequest, "BadRequest", "at most 12")
	w.ask("DELETE", "/$api/rules/r0", "").want(t, http.StatusNoContent)
	w.ask("PUT", "/$api/rules/more", `{"rights":["Send"]}`).want(t, http.StatusCreated)
}

// TestLastManager: the namespace always keeps a rule by which it can be managed.
func TestLastManager(t *testing.T) {
	w := newWorld(t)
	root := "/$api/rules/" + entity.RootRule
	w.ask("DELETE", root, "").code(t, http.StatusConflict, "Conflict", "last rule", "create another rule with Manage first")
	w.ask("PUT", root, `{"rights":["Listen"]}`).code(t, http.StatusConflict, "Conflict", "last rule")
	w.ask("PUT", "/$api/rules/Other", `{"rights":["Manage"]}`).want(t, http.StatusCreated, `["Listen","Send","Manage"]`)
	w.ask("DELETE", root, "").want(t, http.StatusNoContent)
}

// between is a store in which somebody else, such as a reload or another node's administrator, writes the namespace's rules before
// each of the first writes of this one.
type between struct {
	store.Store

	left, made int
}

func (s *between) PutRules(ctx context.Context, rules []entity.Rule, expect uint64) error {
	if s.left > 0 {
		s.left--
		s.made++
		theirs := append(slices.Clone(s.View().Rules()), entity.NewRule(fmt.Sprintf("Theirs%d", s.made), entity.Send))
		if err := s.Store.PutRules(ctx, theirs, store.Any); err != nil {
			return err
		}
	}
	return s.Store.PutRules(ctx, rules, expect)
}

// TestNothingLost: what somebody else wrote meanwhile stays, and who can never be first hears it.
func TestNothingLost(t *testing.T) {
	crowd := &between{left: 2}
	w := newWorld(t, func(p *manage.Params) { crowd.Store, p.Store = p.Store, crowd })
	w.ask("PUT", "/$api/rules/Ours", `{"rights":["Send"]}`).want(t, http.StatusCreated)
	w.ask("GET", "/$api/rules", "").want(t, http.StatusOK, "Ours", "Theirs1", "Theirs2", entity.RootRule)
	crowd.left = 8
	w.ask("DELETE", "/$api/rules/Ours", "").code(t, http.StatusConflict, "Conflict", "changed since they were read")
	w.ask("GET", "/$api/rules/Ours", "").want(t, http.StatusOK)
}

// TestRegenerate: one key changes, tokens of the other go on.
func TestRegenerate(t *testing.T) {
	w := newWorld(t)
	path := "/$api/rules/" + entity.RootRule + "/keys"
	sign := func(key entity.Secret) string {
		return hybrid.Sign("http://localhost/", entity.RootRule, string(key), time.Now().Add(time.Hour))
	}
	keys := decode[wire.Keys](t, w.ask("POST", path, `{"regenerate":"primary"}`).want(t, http.StatusOK))
	if keys.PrimaryKey == wire.Key(w.root.Primary) || keys.SecondaryKey != wire.Key(w.root.Secondary) || len(keys.PrimaryKey) != 44 {
		t.Error("not the primary key alone is new")
	}
	if !strings.Contains(keys.ConnectionString, string(keys.PrimaryKey)) {
		t.Error("the connection string has another key")
	}
	w.as(sign(w.root.Primary), "GET", path, "").code(t, http.StatusUnauthorized, "InvalidSignature")
	w.as(sign(w.root.Secondary), "POST", path, `{"regenerate":"secondary"}`).want(t, http.StatusOK, string(keys.PrimaryKey))
	w.as(sign(w.root.Secondary), "GET", path, "").code(t, http.StatusUnauthorized, "InvalidSignature")
	w.as(sign(entity.Secret(keys.PrimaryKey)), "GET", path, "").want(t, http.StatusOK)

	again := sign(entity.Secret(keys.PrimaryKey))
	for _, body := range []string{``, `{}`, `{"regenerate":"both"}`, `{"regenerate":1}`, `{"regenrate":"primary"}`} {
		w.as(again, "POST", path, body).code(t, http.StatusBadRequest, "BadRequest", "regenerate")
	}
}
