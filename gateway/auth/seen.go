package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// maxSeen is how many tokens are remembered: those of senders that come again and again, half a MiB at the most usual lengths.
const maxSeen = 1024

// seen remembers tokens whose signature was good, so that a sender who shows one with every request costs its HMACs once. A token
// is found by the digest of its exact text and a secret of this process: nobody can learn one from how long a miss takes. Who signed
// is kept with it, and has to be the same rule with the same keys now. Expiry and audience are judged anew each time. It is safe for
// concurrent use.
type seen struct {
	secret [sha256.Size]byte

	mu     sync.Mutex
	tokens map[[sha256.Size]byte]proof
}

// proof is a token taken apart and the rule whose key made its signature.
type proof struct {
	token token
	rule  entity.Rule
	own   bool // the entity's
}

func newSeen() *seen {
	s := &seen{tokens: map[[sha256.Size]byte]proof{}}
	_, _ = rand.Read(s.secret[:]) // crypto/rand never fails: it ends the program instead
	return s
}

// digest is what a text is remembered by. ok is false for a text that is longer than any that is.
func (s *seen) digest(text string) (sum [sha256.Size]byte, ok bool) {
	const most = 1 << 10
	if len(text) > most {
		return sum, false
	}
	var room [sha256.Size + most]byte
	n := copy(room[:], s.secret[:])
	n += copy(room[n:], text)
	return sha256.Sum256(room[:n]), true
}

// find gives the proof of a token that was good, if its rule still stands as it stood.
func (s *seen) find(sum [sha256.Size]byte, scope Scope) (proof, *entity.Rule, bool) {
	s.mu.Lock()
	p, ok := s.tokens[sum]
	s.mu.Unlock()
	if !ok {
		return proof{}, nil, false
	}
	ofEntity := entity.FindRule(scope.Entity, p.token.rule)
	rule := ofEntity
	if !p.own {
		rule = entity.FindRule(scope.Namespace, p.token.rule)
	}
	// Both sides are our own, so that == tells nobody anything. A rule of the entity comes first: where there is one beside the namespace's, both keys have to be tried.
	if rule == nil || *rule != p.rule || !p.own && ofEntity != nil {
		return proof{}, nil, false
	}
	return p, rule, true
}

// keep remembers a token. Where there is no more room any other gives way.
func (s *seen) keep(sum [sha256.Size]byte, p proof) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.tokens[sum]; !known && len(s.tokens) >= maxSeen {
		for other := range s.tokens {
			delete(s.tokens, other)
			break
		}
	}
	s.tokens[sum] = p
}
