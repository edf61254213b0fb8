package localca

import (
	"fmt"
	"strings"
)

// hints lists the stores that Install does not write, because they belong to a program, a user or another system. file is the
// absolute path of ca.pem, title the CA's name and alias the same in lower case without blanks.
func hints(file, title, alias string) []Hint {
	posix, windows := quotePosix(file), quoteWindows(file)
	return []Hint{
		{"Windows, as administrator", "certutil -addstore -f Root " + windows},
		{"macOS", "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain " + posix},
		{"Chromium on Linux (package libnss3-tools)", fmt.Sprintf(
			`mkdir -p "$HOME/.pki/nssdb" && (certutil -L -d "sql:$HOME/.pki/nssdb" >/dev/null 2>&1 || certutil -N -d "sql:$HOME/.pki/nssdb" --empty-password)`+
				` && certutil -A -d "sql:$HOME/.pki/nssdb" -t C,, -n %s -i %s`, quotePosix(title), posix)},
		{"Firefox, for the profile in $PROFILE", fmt.Sprintf(`certutil -A -d "sql:$PROFILE" -t C,, -n %s -i %s`, quotePosix(title), posix)},
		{"Node.js", "export NODE_EXTRA_CA_CERTS=" + posix},
		{".NET on Linux (in place of the system's roots)", "export SSL_CERT_FILE=" + posix},
		{"Python (in place of the system's roots)", "export SSL_CERT_FILE=" + posix + " REQUESTS_CA_BUNDLE=" + posix},
		{"Java, as the owner of the JDK", fmt.Sprintf("keytool -importcert -noprompt -cacerts -storepass changeit -alias %s -file %s", quotePosix(alias), posix)},
		{"curl", "curl --cacert " + posix},
		{"causeway's own commands", "export CAUSEWAY_CA_FILE=" + posix},
	}
}

// quotePosix makes one word of a shell.
func quotePosix(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:,@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quoteWindows makes one word of cmd and PowerShell; a file name holds no double quote there.
func quoteWindows(s string) string {
	if strings.ContainsAny(s, " &()[]{}^=;!'+,`~") {
		return `"` + s + `"`
	}
	return s
}
