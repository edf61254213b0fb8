package wsframe

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeClose(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		code          int
		text          string
		err           error
	}{
		{"empty", "", 0, "", nil},
		{"normal", "\x03\xe8Shutdown", 1000, "Shutdown", nil},
		{"code alone", "\x03\xf0", 1008, "", nil},
		{"application", "\x0f\xa1bye", 4001, "bye", nil},
		{".NET empty", "\x03\xed", 0, "", nil},
		{".NET empty with text", "\x03\xedx", 0, "", nil},
		{"registered later", "\x03\xf6", 1014, "", nil},
		{"libraries", "\x0b\xb8", 3000, "", nil},
		{"longest", "\x03\xe8" + strings.Repeat("x", 123), 1000, strings.Repeat("x", 123), nil},
		{"UTF-8", "\x03\xe8\u00fc", 1000, "\u00fc", nil},
		{"half a code", "\x03", 0, "", errCloseShort},
		{"too long", "\x03\xe8" + strings.Repeat("x", 124), 0, "", errCloseLong},
		{"zero", "\x00\x00", 0, "", errCloseCode},
		{"999", "\x03\xe7", 0, "", errCloseCode},
		{"1004", "\x03\xec", 0, "", errCloseCode},
		{"1006", "\x03\xee", 0, "", errCloseCode},
		{"1015", "\x03\xf7", 0, "", errCloseCode},
		{"2999", "\x0b\xb7", 0, "", errCloseCode},
		{"5000", "\x13\x88", 0, "", errCloseCode},
		{"not UTF-8", "\x03\xe8\xff", 0, "", errCloseText},
		{"half a character", "\x03\xe8\xc3", 0, "", errCloseText},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, text, err := DecodeClose([]byte(c.payload))
			if code != c.code || text != c.text || !errors.Is(err, c.err) {
				t.Errorf("DecodeClose = %d, %q, %v, want %d, %q, %v", code, text, err, c.code, c.text, c.err)
			}
		})
	}
	if errCloseText.CloseCode != CloseBadData {
		t.Errorf("bad text is answered with %d, want 1007", errCloseText.CloseCode)
	}
}

func TestAppendClose(t *testing.T) {
	for _, c := range []struct {
		name string
		code int
		text string
		want string
	}{
		{"no code", 0, "unseen", "x"},
		{"1005 is no code", CloseNoCode, "unseen", "x"},
		{"1006 is no code", 1006, "", "x"},
		{"plain", 1001, "entity deleted", "x\x03\xe9entity deleted"},
		{"cut", 1000, strings.Repeat("a", 200), "x\x03\xe8" + strings.Repeat("a", 123)},
		{"cut before a character", 1000, strings.Repeat("a", 122) + "\u00fc", "x\x03\xe8" + strings.Repeat("a", 122)},
		{"cut before a long character", 1000, strings.Repeat("a", 121) + "\U0001F600", "x\x03\xe8" + strings.Repeat("a", 121)},
		{"fits to the byte", 1000, strings.Repeat("a", 119) + "\U0001F600", "x\x03\xe8" + strings.Repeat("a", 119) + "\U0001F600"},
		{"not UTF-8", 1000, "a\xffb", "x\x03\xe8a?b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(AppendClose([]byte("x"), c.code, c.text)); got != c.want {
				t.Errorf("AppendClose = %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzClose(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\x03\xe8Shutdown"))
	f.Add([]byte("\x03\xed"))
	f.Add([]byte("\x03\xe8\xff"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		code, text, err := DecodeClose(payload)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.CloseCode != CloseProtocol && e.CloseCode != CloseBadData {
				t.Fatalf("error without a close code: %v", err)
			}
			return
		}
		if again := AppendClose(nil, code, text); code != 0 && !bytes.Equal(again, payload) {
			t.Fatalf("%x comes back as %x", payload, again)
		}
	})
}

func FuzzAppendClose(f *testing.F) {
	f.Add(1000, "Shutdown")
	f.Add(4999, strings.Repeat("\u20ac", 60))
	f.Fuzz(func(t *testing.T, code int, text string) {
		b := AppendClose(nil, code, text)
		got, back, err := DecodeClose(b)
		if err != nil {
			t.Fatalf("AppendClose(%d, %q) cannot be read: %v", code, text, err)
		}
		if got != 0 && got != code || got == 0 && len(b) != 0 {
			t.Fatalf("code %d became %d", code, got)
		}
		if utf8.ValidString(text) && !strings.HasPrefix(text, back) {
			t.Fatalf("text %q became %q", text, back)
		}
	})
}

// TestAcceptKey has the example of RFC 6455 section 1.3 and a key with its answer that the Node SDK accepted.
func TestAcceptKey(t *testing.T) {
	for key, want := range map[string]string{
		"dGhlIHNhbXBsZSBub25jZQ==": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
		"Sff6DbOncb4zyv7KJD00PA==": "T66sXrZ4JMYWpYeQUslMoP/Qhmw=",
	} {
		if got := AcceptKey(key); got != want {
			t.Errorf("AcceptKey(%q) = %q, want %q", key, got, want)
		}
	}
}
