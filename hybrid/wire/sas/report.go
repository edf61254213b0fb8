package sas

import "time"

// Kinds of tokens.
const (
	SAS = "sas" // a shared access signature
	JWT = "jwt" // a JSON web token, as Entra gives
)

// What is known of a signature.
const (
	Unknown = "unknown" // there was no key to check it with
	Matches = "matches"
	Differs = "differs"
)

// Report is what a token says, and everything that is wrong with it. Times are UTC, nil when the token has none.
type Report struct {
	Kind      string     `json:"kind"` // sas or jwt; "": neither
	Audience  string     `json:"audience"`
	Host      string     `json:"host"`
	Path      string     `json:"path"` // of the entity, without slashes around; "": the whole namespace
	Rule      string     `json:"rule"`
	NotBefore *time.Time `json:"notBefore"`
	Expires   *time.Time `json:"expires"`
	Signature string     `json:"signature"` // unknown, matches or differs
	Problems  []Problem  `json:"problems"`  // empty: nothing that can be seen here keeps it from being good
	Notes     []Problem  `json:"notes"`     // what keeps nobody out, and was hardly meant
}

// Problem is one thing that is wrong.
type Problem struct {
	Problem string `json:"problem"` // what is wrong, as a sentence
	Do      string `json:"do"`      // what to do next
}

// Params is what a token is checked against. Zero members are not checked.
type Params struct {
	Now  time.Time
	Host string // host of the gateway, with or without a port
	Path string // the entity it is to be used for
	Rule string // whose key Key is
	Key  string
}

func (r *Report) note(problem, do string) { r.Notes = append(r.Notes, Problem{problem, do}) }

func (r *Report) add(problem, do string) { r.Problems = append(r.Problems, Problem{problem, do}) }
