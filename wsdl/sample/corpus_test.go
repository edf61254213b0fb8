package sample_test

import (
	"encoding/xml"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// invalid are the samples that no choice of values makes valid, by case and the root of what is not.
var invalid = map[string]string{
	"soap4r/SoapBoxWebService MessageDequeueResponse":         "a choice without branches: XML Schema gives it no valid content",
	"soap4r/SoapBoxWebService MessageWaitForIncomingResponse": "likewise",
	"soap4r/SoapBoxWebService ContactGetListResponse":         "likewise",
	"wsdl-tsclient/builtin_types NOTATIONElement":             "xs:NOTATION without an enumeration has no values",
	"wsdl-tsclient/builtin_types ENTITYElement":               "the values of xs:ENTITY are entities that a document type declares, which SOAP forbids",
	"wsdl-tsclient/builtin_types ENTITIESElement":             "likewise",
}

// unjudged are the cases whose schemas xmllint cannot load, whatever they are bundled as.
var unjudged = map[string]string{
	"axis-axis1-java/sample_interface":         "names the types of a draft of SOAP encoding that nobody has",
	"metro-jax-ws/MarshallTestService":         "has integers of more digits than libxml2 holds",
	"node-soap/addPets__force_namespaces-soap": "uses a prefix that is not declared",
	"wcf/InternalTypes_DataSetWrapper":         "a DataSet refers to xs:schema, which libxml2 has no declaration of",
	"wsdl-to-postman/multipleSchemas":          "likewise",
	"strong-soap/Netsuite":                     "names a namespace that no document is of",
	"tuscany-sca-2.x/hello-service":            "likewise",
	"wsdl-tools/calculator":                    "names an element that WS-Addressing does not declare",
	"wsdl2go/data":                             "names types that are nowhere",
	"wsdl2apex/elementStartsWithNonLetter":     "elements have names that XML does not allow",
	"x-road/error":                             "an element has the empty name",
	"onvif-rs/display":                         "imports what is not there", "onvif/analyticsdevice": "likewise", "onvif/event": "likewise", "specs/display": "likewise",
	"specs/event-vs": "likewise", "xrdv4wsdlconverter/emtav3": "likewise", "xrdv4wsdlconverter/rpc-encoded": "likewise",
}

// unmade are the samples that cannot be made.
func unmade(err error, b *model.Binding) bool {
	if b.Kind == model.OtherBinding {
		return true
	}
	var bad *sample.Error
	return errors.As(err, &bad) && strings.Contains(bad.Text, "is no name of an element")
}

// rootOf gives the name of a document's root.
func rootOf(t *testing.T, doc string) model.Name {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, doc)
		}
		if s, ok := token.(xml.StartElement); ok {
			return model.Name{Space: s.Name.Space, Local: s.Name.Local}
		}
	}
}

// few is how many operations of a description xmllint judges without CAUSEWAY_INTEROP.
const few = 3

// TestCorpus makes every sample of every description, in all amounts, and lets xmllint judge what stands in the bodies whose element
// is declared. What it finds is argued above.
func TestCorpus(t *testing.T) {
	all := os.Getenv("CAUSEWAY_INTEROP") != ""
	made, judged := 0, 0
	for _, c := range wsdltest.Some(t) {
		d := c.Load(t)
		docs := samples(t, c, d, &made, all)
		if len(docs) == 0 || d.Files[0].Schema {
			continue
		}
		text, err := bundle.Bundle(d)
		if err != nil {
			t.Fatal(err)
		}
		complaints, ok, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), text), docs)
		if ok == (unjudged[c.Name] != "") {
			t.Errorf("%s: judged is %v: %.500s", c.Name, ok, why)
		}
		for i, complaint := range complaints {
			judged++
			if complaint != "" && invalid[c.Name+" "+rootOf(t, docs[i]).Local] == "" {
				t.Errorf("%s: %s\n%s", c.Name, complaint, docs[i])
			}
		}
	}
	t.Logf("%d messages, %d different bodies judged", made, judged)
	if made < 1000 || judged < 100 || all && (made < 10_000 || judged < 5000) {
		t.Errorf("%d messages, %d judged: the corpus has more", made, judged)
	}
}

// samples makes all samples of a description and gives the different bodies that a schema can judge.
func samples(t *testing.T, c wsdltest.Case, d *model.Description, made *int, all bool) []string {
	t.Helper()
	m := sample.New(d)
	var docs []string
	for n, target := range sample.Targets(d) {
		literal := target.Op.Style == model.Document && (target.Binding.Kind == model.SOAP11 || target.Binding.Kind == model.SOAP12)
		for _, amount := range []sample.Amount{sample.Typical, sample.Minimal, sample.Full} {
			s, err := m.Make(target, sample.Options{Amount: amount})
			if err != nil {
				if !unmade(err, target.Binding) {
					t.Errorf("%s: %v", c.Name, err)
				}
				continue
			}
			for _, note := range s.Notes {
				if !strings.Contains(note, "travels beside the envelope") {
					t.Errorf("%s: %s: %s", c.Name, s.Operation, note)
				}
			}
			messages := slices.Clone(s.Faults)
			for _, msg := range []*sample.Message{s.Request, s.Response} {
				if msg != nil {
					messages = append(messages, *msg)
				}
			}
			for _, msg := range messages {
				*made++
				for _, doc := range msg.Contents() {
					if literal && (all || n < few) && d.Schema.Element(rootOf(t, doc)) != nil {
						docs = append(docs, doc)
					}
				}
			}
		}
	}
	slices.Sort(docs)
	return slices.Compact(docs)
}

// TestDeterministic: two makers of two readings make the same text.
func TestDeterministic(t *testing.T) {
	for _, c := range wsdltest.Cases(t)[:40] {
		var texts [2]strings.Builder
		for i := range texts {
			d := c.Load(t)
			m := sample.New(d)
			for _, target := range sample.Targets(d) {
				if s, err := m.Make(target, sample.Options{Amount: sample.Full}); err == nil && s.Request != nil {
					texts[i].WriteString(s.Request.Body)
				}
			}
		}
		if texts[0].String() != texts[1].String() {
			t.Errorf("%s: two runs differ", c.Name)
		}
	}
}
