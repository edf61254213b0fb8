package hc

import (
	"strings"
	"testing"
	"time"
)

// TestToken: the vector was made by the reference's own recipe, with openssl.
func TestToken(t *testing.T) {
	want := "SharedAccessSignature sr=http%3A%2F%2Fcontoso.example.com%2Fhyco&sig=tjCfB%2FsID5tqlxrZeGAfPpYYRISXY1LeL8mnaN11gHs%3D&se=1893456000&skn=root"
	if got := Token("http://Contoso.example.com/hyco", "root", "c2VjcmV0", time.Unix(1893456000, 0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAddress(t *testing.T) {
	e := Endpoint{Base: "wss://127.0.0.1:8443/", Path: "hyco"}
	if got, want := e.address("listen", "a b"), "wss://127.0.0.1:8443/$hc/hyco?sb-hc-action=listen&sb-hc-id=a+b"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.KeyName, e.Key = "root", "key"
	if got := e.address("connect", ""); !strings.Contains(got, "&sb-hc-token=SharedAccessSignature+sr%3Dhttp%253A%252F%252F127.0.0.1%252Fhyco%26sig%3D") {
		t.Errorf("the token's place or audience: %s", got)
	}
	e.Audience = "http://contoso.example.com/other"
	if got := e.address("connect", ""); !strings.Contains(got, "sr%3Dhttp%253A%252F%252Fcontoso.example.com%252Fother%26") {
		t.Errorf("the audience given: %s", got)
	}
}

func TestAppendHead(t *testing.T) {
	rq := &request{Method: "POST", Target: "/x?y", Fields: map[string]string{"Host": "web.test", "Content-Length": "9", "A": "b"}}
	want := "POST /x?y HTTP/1.1\r\nHost: 127.0.0.1:9\r\nA: b\r\nContent-Length: 3\r\n\r\n"
	if got := string(appendHead(nil, "127.0.0.1:9", rq, 3)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
