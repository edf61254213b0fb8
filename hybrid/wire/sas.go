package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Sign makes a shared access signature token (section 4.2). audience is the URI it is good for, see Audience; rule and
// key are at most 256 characters each; the key is used as text, not base64-decoded. The result goes on the wire as it
// is, in ServiceBusAuthorization, or form-encoded in sb-hc-token. It is a secret until expiry.
func Sign(audience, rule, key string, expiry time.Time) string {
	sr := url.QueryEscape(audience)
	se := strconv.FormatInt(expiry.Unix(), 10)
	return "SharedAccessSignature sr=" + sr + "&sig=" + url.QueryEscape(signature(sr, se, key)) + "&se=" + se + "&skn=" + url.QueryEscape(rule)
}

// signature signs sr and se as they stand in the token: HMAC-SHA256 under the bytes of the key text.
func signature(sr, se, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(sr + "\n" + se))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Audience returns the URI that the .NET library signs for a path of a host: http://host/path/, without port, query and
// fragment, with a slash at the end (section 4.3). path is raw and may lack the leading slash.
func Audience(host, path string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	path, _, _ = strings.Cut(path, "?")
	if path = strings.Trim(path, "/"); path != "" {
		path += "/"
	}
	return "http://" + host + "/" + path
}
