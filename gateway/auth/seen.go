package auth

import (
	"crypto/subtle"
	"hash/maphash"
	"sync"

	"github.com/causeway-relay/causeway/gateway/entity"
)

const (
	// maxSeen is how many tokens are remembered: those of senders that come again and again, half a MiB at the most usual lengths.
	maxSeen = 1024
	// maxSeenBytes is the longest text that is.
	maxSeenBytes = 1 << 10
)

// seen remembers tokens whose signature was good, so that a sender who shows one with every request costs its HMACs once. A token is found
// by a hash of its text with a secret of this process, and is the same one if all of its text is: nobody can learn one from how long a
// miss takes. Who signed is kept with it, and has to be the same rule with the same keys now. Expiry and audience are judged anew each
// time. It is safe for concurrent use.
type seen struct {
	seed maphash.Seed

	mu     sync.Mutex
	tokens map[uint64]*proof
}

// proof is a token taken apart and the rule whose key made its signature. It does not change.
type proof struct {
	text     string // all of the token
	token    token
	audience audience
	rule     entity.Rule
	own      bool // the entity's
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed(), tokens: map[uint64]*proof{}} }

// find gives the proof of a token that was good, if its rule still stands as it stood; nil: there is none.
func (s *seen) find(text string, scope Scope) *proof {
	if len(text) > maxSeenBytes {
		return nil
	}
	hash := maphash.String(s.seed, text)
	s.mu.Lock()
	p := s.tokens[hash]
	s.mu.Unlock()
	if p == nil || subtle.ConstantTimeCompare([]byte(p.text), []byte(text)) != 1 {
		return nil
	}
	ofEntity := entity.FindRule(scope.Entity, p.token.rule)
	rule := ofEntity
	if !p.own {
		rule = entity.FindRule(scope.Namespace, p.token.rule)
	}
	// Both sides are our own, so that == tells nobody anything. A rule of the entity comes first: where there is one beside the namespace's, both keys have to be tried.
	if rule == nil || *rule != p.rule || !p.own && ofEntity != nil {
		return nil
	}
	return p
}

// keep remembers a token, unless it is too long. Where there is no more room any other gives way.
func (s *seen) keep(p *proof) {
	if len(p.text) > maxSeenBytes {
		return
	}
	hash := maphash.String(s.seed, p.text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.tokens[hash]; !known && len(s.tokens) >= maxSeen {
		for other := range s.tokens {
			delete(s.tokens, other)
			break
		}
	}
	s.tokens[hash] = p
}
