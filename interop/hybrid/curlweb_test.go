package hybrid

import (
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// TestRawHeads: curl --raw shows that the names of fields keep their letters and all keep their order, there and back.
func TestRawHeads(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		l := listenRaw(t, s, interop.Open, "raw")
		defer l.control.Close()
		p := interop.Start(t, t.TempDir(), nil, "curl", "--silent", "--show-error", "--raw", "--include", "--http1.1", "--max-time", "25", "--cacert", s.CA,
			"-H", "z-first: 1", "-H", "X-UPPER: 2", "-H", "a-MiXed: 3", "https://"+s.Send+"/open/path?x=%2F")
		_, b, err := l.control.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		message := string(b)
		at := -1
		for _, want := range []string{`"Host":"`, `"User-Agent":"curl/`, `"Accept":"*/*"`, `"z-first":"1"`, `"X-UPPER":"2"`, `"a-MiXed":"3"`, `"Via":"1.1 localhost"`} {
			i := strings.Index(message, want)
			if i <= at {
				t.Errorf("%s is not where it was sent in\n%s", want, message)
			}
			at = i
		}
		id, _, _ := strings.Cut(message[strings.Index(message, `"id":"`)+len(`"id":"`):], `"`)
		answer := `{"response":{"requestId":"` + id + `","statusCode":299,"statusDescription":"It's  FINE","responseHeaders":{"z-Late":"1","X-UPPER":"2","set-cookie":"a=1","A-mixed":"3"},"body":false}}`
		if err := l.control.WriteMessage(1, []byte(answer)); err != nil {
			t.Fatal(err)
		}
		p.Finish(interop.Patience)
		lines := strings.Split(p.Text(), "\n")
		want := []string{"HTTP/1.1 299 It's  FINE", "z-Late: 1", "X-UPPER: 2", "set-cookie: a=1", "A-mixed: 3", "Via: 1.1 localhost"}
		if len(lines) < len(want) || !slices.Equal(lines[:len(want)], want) {
			t.Errorf("curl shows\n%s", p.Text())
		}
	})
}
