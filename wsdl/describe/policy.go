package describe

import (
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// meanings says what an assertion asks of a caller. The names are those of WS-SecurityPolicy, WS-ReliableMessaging, the MTOM policy and
// Microsoft's transport, framing and encoding policies, whose local names do not clash. "" is for those that say nothing of their own.
var meanings = map[string]string{
	"TransportBinding": "transport security", "HttpsToken": "TLS", "SslTransportSecurity": "TLS on the stream", "WindowsTransportSecurity": "Windows security on the stream",
	"SymmetricBinding": "message security, one key", "AsymmetricBinding": "message security, two keys",
	"UsernameToken": "username token", "X509Token": "X.509 token", "KerberosToken": "Kerberos token", "SamlToken": "SAML token", "IssuedToken": "issued token",
	"SpnegoContextToken": "SPNEGO token", "SecureConversationToken": "secure conversation", "IncludeTimestamp": "timestamp",
	"BasicAuthentication": "HTTP Basic", "DigestAuthentication": "HTTP Digest", "NegotiateAuthentication": "HTTP Negotiate", "NtlmAuthentication": "HTTP NTLM",
	"OptimizedMimeSerialization": "MTOM", "MTOM": "MTOM", "BinaryEncoding": "binary XML", "Streamed": "streamed",
	"UsingAddressing": "WS-Addressing", "Addressing": "WS-Addressing", "RMAssertion": "reliable messaging", "CompositeDuplex": "duplex over two connections",
	"OneWay": "one-way channel", "ATAssertion": "transactions", "OleTxAssertion": "transactions", "SignedParts": "signed parts", "EncryptedParts": "encrypted parts",
	"RsaToken": "RSA token", "MutualAuthentication": "mutual authentication",

	"Wss10": "", "Wss11": "", "Trust10": "", "Trust13": "", "Layout": "", "Strict": "", "Lax": "", "AlgorithmSuite": "", "TransportToken": "", "ProtectionToken": "",
	"SignedSupportingTokens": "", "SupportingTokens": "", "EndorsingSupportingTokens": "", "SignedEncryptedSupportingTokens": "", "SignedEndorsingSupportingTokens": "",
	"InitiatorToken": "", "RecipientToken": "", "BootstrapPolicy": "", "OnlySignEntireHeadersAndBody": "", "EncryptSignature": "", "MessagePredicate": "",
}

// Words says what policies ask of a caller, each thing once, in document order. An assertion that is not known is told by its name.
func Words(all []*model.Policy) []string {
	var out []string
	add := func(word string, optional bool) {
		if optional {
			word += " (optional)"
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	var walk func(as []model.Assertion, top, optional bool)
	walk = func(as []model.Assertion, top, optional bool) {
		for _, a := range as {
			word, known := meanings[a.Name.Local]
			skip := optional || a.Optional
			switch {
			case word != "":
				add(word, skip)
			case !known && top:
				add(a.Name.Local, skip)
			}
			for _, attr := range a.Attrs {
				if attr.Name.Local == "RequireClientCertificate" && (attr.Value == "true" || attr.Value == "1") {
					add("client certificate", skip)
				}
			}
			if a.Name.Local == "RequireClientCertificate" {
				add("client certificate", skip)
			}
			walk(a.Nested, false, skip)
		}
	}
	for _, p := range all {
		walk(p.Assertions, true, false)
	}
	return out
}
