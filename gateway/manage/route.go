package manage

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// call is one request on its way to an action.
type call struct {
	request  *http.Request
	tracking string
	who      string            // the rule that authorized it, or admin
	args     map[string]string // of the route: entity, rule, listener
	at       entity.Address    // of args["entity"]; zero for none
	body     []byte
}

// answer is what an action gives back. The zero answer has no body: 204.
type answer struct {
	status int
	tag    uint64 // revision of an entity; 0: none
	body   any    // a stream writes itself
}

// stream is a body that goes on for as long as its peer listens.
type stream func(w http.ResponseWriter)

// action does the work of one method of one route.
type action func(*API, context.Context, *call) (answer, error)

// route is a path below the API's prefix with what may be done there. Words in braces take one segment each.
type route struct {
	path    string
	methods map[string]action
}

// routes is the whole API. docs/api.md lists the same, and a test holds the two together.
var routes = []route{
	{"entities", map[string]action{http.MethodGet: (*API).listEntities}},
	{"entities/{entity}", map[string]action{
		http.MethodGet: (*API).getEntity, http.MethodPut: (*API).putEntity,
		http.MethodPatch: (*API).patchEntity, http.MethodDelete: (*API).deleteEntity,
	}},
	{"entities/{entity}/listeners", map[string]action{http.MethodGet: (*API).listListeners}},
	{"entities/{entity}/tap", map[string]action{http.MethodGet: (*API).tap}},
	{"entities/{entity}/rules", map[string]action{http.MethodGet: (*API).listRules}},
	{"entities/{entity}/rules/{rule}", ruleMethods},
	{"entities/{entity}/rules/{rule}/keys", keyMethods},
	{"rules", map[string]action{http.MethodGet: (*API).listRules}},
	{"rules/{rule}", ruleMethods},
	{"rules/{rule}/keys", keyMethods},
	{"listeners/{listener}", map[string]action{http.MethodDelete: (*API).dropListener}},
	{"status", map[string]action{http.MethodGet: (*API).status}},
	{"traffic", map[string]action{http.MethodGet: (*API).traffic}},
	{"events", map[string]action{http.MethodGet: (*API).events}},
	{"reload", map[string]action{http.MethodPost: (*API).reload}},
}

var (
	ruleMethods = map[string]action{
		http.MethodGet: (*API).getRule, http.MethodPut: (*API).putRule,
		http.MethodPatch: (*API).patchRule, http.MethodDelete: (*API).deleteRule,
	}
	keyMethods = map[string]action{http.MethodGet: (*API).getKeys, http.MethodPost: (*API).regenerate}
)

// find gives the route of a path's segments, still percent-encoded, and what stands in its braces; nil when there is none.
func find(segments []string) (*route, map[string]string) {
	for i := range routes {
		if args, ok := matches(routes[i].path, segments); ok {
			return &routes[i], args
		}
	}
	return nil, nil
}

// matches compares a path with a route's. Segments are decoded one by one, so that %2F is part of a name.
func matches(path string, segments []string) (map[string]string, bool) {
	if strings.Count(path, "/")+1 != len(segments) {
		return nil, false
	}
	args := make(map[string]string)
	i := 0
	for want := range strings.SplitSeq(path, "/") {
		got, err := url.PathUnescape(segments[i])
		i++
		name, isArg := strings.CutPrefix(want, "{")
		switch {
		case err != nil, !isArg && got != want, isArg && got == "":
			return nil, false
		case isArg:
			args[strings.TrimSuffix(name, "}")] = got
		}
	}
	return args, true
}

// action gives what the method does, with HEAD as a GET whose body nobody sends.
func (r *route) action(method string) (action, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	do, ok := r.methods[method]
	return do, ok
}

// allowed lists the methods for people and for the header Allow.
func (r *route) allowed() []string {
	list := make([]string, 0, len(r.methods)+1)
	for m := range r.methods {
		list = append(list, m)
	}
	if r.methods[http.MethodGet] != nil {
		list = append(list, http.MethodHead)
	}
	slices.Sort(list)
	return list
}
