package connstring

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Settings
		path       string
	}{
		{
			"namespace", "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=dGVzdC1rZXk=",
			Settings{Host: "contoso.servicebus.windows.net", Base: "/", KeyName: "RootManageSharedAccessKey", Key: "dGVzdC1rZXk="}, "/",
		},
		{
			"entity with a port", "Endpoint=sb://localhost:8443/;SharedAccessKeyName=send;SharedAccessKey=a=b==;EntityPath=hyco",
			Settings{Host: "localhost:8443", Base: "/", KeyName: "send", Key: "a=b==", EntityPath: "hyco"}, "/hyco",
		},
		{
			"any order and case, spare semicolons and white space around", "\n entitypath=a;;ENDPOINT=SB://h;sharedaccesskeyname=n;SharedAccesskey=k; \n",
			Settings{Host: "h", Base: "/", KeyName: "n", Key: "k", EntityPath: "a"}, "/a",
		},
		{
			"signature", "Endpoint=sb://h/;SharedAccessSignature=SharedAccessSignature sr=http%3A%2F%2Fh%2F&sig=x%3D&se=1&skn=n;EntityPath=a",
			Settings{Host: "h", Base: "/", Signature: "SharedAccessSignature sr=http%3A%2F%2Fh%2F&sig=x%3D&se=1&skn=n", EntityPath: "a"}, "/a",
		},
		{
			"managed identity", "Endpoint=sb://h/;Authentication= managed IDENTITY;EntityPath=a",
			Settings{Host: "h", Base: "/", ManagedIdentity: true, EntityPath: "a"}, "/a",
		},
		{
			"blanks around values", "Endpoint= sb://h/ ;SharedAccessKeyName= n;SharedAccessKey=k ;EntityPath= my entity \n",
			Settings{Host: "h", Base: "/", KeyName: "n", Key: "k", EntityPath: "my entity"}, "/my entity",
		},
		{"anonymous", "Endpoint=sb://h/;EntityPath=a", Settings{Host: "h", Base: "/", EntityPath: "a"}, "/a"},
		{"base with slash", "Endpoint=sb://h/x/y/;EntityPath=a", Settings{Host: "h", Base: "/x/y/", EntityPath: "a"}, "/x/y/a"},
		{"base without slash", "Endpoint=sb://h/x/y;EntityPath=a", Settings{Host: "h", Base: "/x/y", EntityPath: "a"}, "/x/a"},
		{"base alone", "Endpoint=sb://h/x/y", Settings{Host: "h", Base: "/x/y"}, "/x/y"},
		{"slashes and blanks", "Endpoint=sb://h/;EntityPath=/my entity/", Settings{Host: "h", Base: "/", EntityPath: "/my entity/"}, "/my entity/"},
		{"encoded base", "Endpoint=sb://h/a%20b/;EntityPath=c", Settings{Host: "h", Base: "/a b/", EntityPath: "c"}, "/a b/c"},
		{"IPv6", "Endpoint=sb://[::1]:8443", Settings{Host: "[::1]:8443", Base: "/"}, "/"},
		{"empty port", "Endpoint=sb://h:/", Settings{Host: "h", Base: "/"}, "/"},
		{"timeout", "Endpoint=sb://h/;OperationTimeout=00:01:10", Settings{Host: "h", Base: "/", OperationTimeout: 70 * time.Second}, "/"},
		{
			"long timeout", "Endpoint=sb://h/;OperationTimeout=1.02:03:04.5",
			Settings{Host: "h", Base: "/", OperationTimeout: 26*time.Hour + 3*time.Minute + 4500*time.Millisecond}, "/",
		},
		{"short timeout", "Endpoint=sb://h/;OperationTimeout=00:02", Settings{Host: "h", Base: "/", OperationTimeout: 2 * time.Minute}, "/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Path() != c.path {
				t.Errorf("path %q, want %q", got.Path(), c.path)
			}
			again, err := Parse(got.Format())
			if err != nil || again != got {
				t.Errorf("%s comes back as %+v, %v", got.Format(), again, err)
			}
		})
	}
}

func TestConnectionStringsThatAreWrong(t *testing.T) {
	for text, says := range map[string]string{
		"": "Endpoint is missing",
		"SharedAccessKeyName=n;SharedAccessKey=k":  "Endpoint is missing",
		"Endpoint=https://h/":                      "must begin with sb://",
		"Endpoint=amqp://h/":                       "must begin with sb://",
		"Endpoint=h":                               "is no address",
		"Endpoint=sb:h":                            "is no address",
		"Endpoint=":                                "is no address",
		"Endpoint=sb://":                           "is no address",
		"Endpoint=sb://:80/":                       "must be a host",
		"Endpoint=sb://u@h/":                       "must be a host",
		"Endpoint=sb://h/?a":                       "must be a host",
		"Endpoint=sb://h:0/":                       "port of Endpoint",
		"Endpoint=sb://h:65536/":                   "port of Endpoint",
		"Endpoint=sb://h:x/":                       "is no address",
		"Endpoint=sb://h/;Endpoint=sb://i/":        "stands twice",
		"Endpoint =sb://h/":                        "has a blank beside it",
		"Endpoint=sb://h/; EntityPath=a":           "has a blank beside it",
		"Endpoint=sb://h/;Entity=a":                "key word is unknown",
		"Endpoint=sb://h/;hunter2":                 "has no \"=\"",
		"Endpoint=sb://h/;hunter2=x":               "key word is unknown",
		"Endpoint=sb://h/;SharedAccessKeyName=n":   "SharedAccessKey is missing",
		"Endpoint=sb://h/;SharedAccessKey=hunter2": "SharedAccessKeyName is missing",
		"Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=":                  "SharedAccessKey is missing",
		"Endpoint=sb://h/;SharedAccessSignature=hunter2;SharedAccessKeyName=n":     "exclude each other",
		"Endpoint=sb://h/;SharedAccessSignature=x;Authentication=Managed Identity": "exclude each other",
		"Endpoint=sb://h/;Authentication=hunter2":                                  "must be Managed Identity",
		"Endpoint=sb://h/;OperationTimeout=60":                                     "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=00:00:00":                               "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=24:00:00":                               "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=00:60:00":                               "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=-00:01:00":                              "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=00:00:01.12345678":                      "must be hh:mm:ss",
		"Endpoint=sb://h/;OperationTimeout=00:00:00:01":                            "must be hh:mm:ss",
		"Endpoint=sb://h/;SharedAccessKeyName=" + strings.Repeat("hunter2", 40):    "longer than 256",
		"Endpoint=sb://h/;SharedAccessKey=" + strings.Repeat("hunter2", 40):        "longer than 256",
	} {
		_, err := Parse(text)
		var e *wire.Error
		if !errors.Is(err, ErrBad) || !errors.As(err, &e) || !strings.Contains(e.Text, says) {
			t.Errorf("%.60s: %v, want %q", text, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.60s: the error shows a value: %v", text, err)
		}
	}
}

func TestConnectionStringHidesSecrets(t *testing.T) {
	c := Settings{Host: "h", Base: "/", KeyName: "n", Key: "hunter2", EntityPath: "a", OperationTimeout: 24*time.Hour + 1500*time.Millisecond}
	const want = "Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=***;EntityPath=a;OperationTimeout=1.00:00:01.5000000"
	for _, verb := range []string{"%v", "%+v", "%s"} {
		if got := fmt.Sprintf(verb, c); got != want {
			t.Errorf("%s shows %s, want %s", verb, got, want)
		}
		if got := fmt.Sprintf(verb, &c); got != want {
			t.Errorf("%s of a pointer shows %s, want %s", verb, got, want)
		}
	}
	if got := fmt.Sprintf("%#v", c); strings.Contains(got, "hunter2") {
		t.Errorf("%%#v shows %s", got)
	}
	if got := c.Format(); !strings.Contains(got, "SharedAccessKey=hunter2;") {
		t.Errorf("Format gives %s", got)
	}
	signed := Settings{Host: "h", Base: "/", Signature: "hunter2", ManagedIdentity: false}
	if got := signed.String(); got != "Endpoint=sb://h/;SharedAccessSignature=***" {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Endpoint=sb://localhost:8443/;SharedAccessKeyName=send;SharedAccessKey=a=b==;EntityPath=hyco")
	f.Add("Endpoint=sb://h/x;OperationTimeout=1.02:03:04.5;Authentication=Managed Identity")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrBad) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		again, err := Parse(c.Format())
		if err != nil || again != c {
			t.Fatalf("%q gives %#v, which comes back as %#v, %v", s, c, again, err)
		}
		if c.Path() == "" || c.Path()[0] != '/' {
			t.Fatalf("path %q", c.Path())
		}
	})
}
