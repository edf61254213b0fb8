// Package atom owns the XML documents of the management read that .NET clients make at the address of an entity: its description as an
// Atom entry, and a refusal.
//
// It does not own who may read, or the answers around the documents (hybrid/entry). Its functions keep no state and may be called from any
// goroutine. Source: Hybrid Connections reference section 11; RFC 4287 section 4.1.2.
package atom

import (
	"encoding/xml"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Entry is the document of an entity, for encoding/xml. The order of its members matters to .NET's data contracts. Make one with Of.
type Entry struct {
	XMLName   xml.Name `xml:"http://www.w3.org/2005/Atom entry"`
	ID        string   `xml:"id"`
	Title     text     `xml:"title"`
	Published string   `xml:"published"`
	Updated   string   `xml:"updated"`
	Content   content  `xml:"content"`
}

type text struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type content struct {
	Type        string      `xml:"type,attr"`
	Description description `xml:"http://schemas.microsoft.com/netservices/2010/10/servicebus/connect HybridConnectionDescription"`
}

type description struct {
	I                           string `xml:"xmlns:i,attr"`
	CreatedAt                   string `xml:"CreatedAt"`
	UpdatedAt                   string `xml:"UpdatedAt"`
	RequiresClientAuthorization bool   `xml:"RequiresClientAuthorization"`
	UserMetadata                string `xml:"UserMetadata"`
	ListenerCount               int    `xml:"ListenerCount"`
}

// Of makes the document of an entity that is read at the URL id and has so many listeners now, at every node.
func Of(id string, e *entity.Entity, listeners int) *Entry {
	d := &Entry{ID: id, Title: text{"text", e.Name}, Published: stamp(e.CreatedAt), Updated: stamp(e.UpdatedAt)}
	d.Content.Type = "application/xml"
	d.Content.Description = description{
		CreatedAt: d.Published, UpdatedAt: d.Updated, RequiresClientAuthorization: !e.AnonymousSenders,
		UserMetadata: e.UserMetadata, ListenerCount: listeners, I: "http://www.w3.org/2001/XMLSchema-instance",
	}
	return d
}

// stamp is a time as .NET writes it: UTC, to 100 ns.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

// Error is the document of a refusal, for encoding/xml. Make one with Refusal.
type Error struct {
	XMLName xml.Name `xml:"Error"`
	Code    int      `xml:"Code"`
	Detail  string   `xml:"Detail"` // .NET shows it to its user
}

// Refusal makes the document of a refusal with the status of its answer and a reason for people.
func Refusal(status int, reason string) *Error { return &Error{Code: status, Detail: reason} }
