package load

import (
	"fmt"
	"strings"
	"time"
)

// Ways are five ways of one call of SOAP 1.1 to the same service.
type Ways struct {
	Plain     *Web // to the service as one of HTTP: nothing is converted
	Carried   *Web // to the service as one of net.tcp, by a listener that converts nothing
	Converted *Web // the same, by a listener in the same program that converts
	Connector *Web // the same, and the product's connector converts
	Inside    *Web // the same, and the gateway converts
}

// way is one of them: where it goes, and what the names of its values begin with.
type way struct {
	name string
	web  *Web
	part bool // the answer is another envelope around the same body
}

func (w *Ways) all() []way {
	return []way{{"plain", w.Plain, false}, {"carried", w.Carried, false}, {"converted", w.Converted, true}, {"connector", w.Connector, true}, {"inside", w.Inside, true}}
}

// call is a message of 1 KiB with as many elements as data of that length has, and what of it the answer to it holds.
func call(place int) (message, body []byte) {
	const before, after = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`, `</s:Body></s:Envelope>`
	const open, end = `<Echo xmlns="urn:bench">`, `</Echo>`
	var b strings.Builder
	b.WriteString(open)
	room := callBytes - len(before) - len(after) - len(end)
	for i := 0; ; i++ {
		item := fmt.Sprintf("<item>value %d of %d</item>", i, place)
		if b.Len()+2*len(item) > room {
			b.WriteString("<rest>" + strings.Repeat("x", room-b.Len()-len("<rest></rest>")) + "</rest>")
			break
		}
		b.WriteString(item)
	}
	b.WriteString(end)
	return []byte(before + b.String() + after), []byte(b.String())
}

// requester makes the calls of one connection.
func (w *way) requester(place int) *requester {
	message, body := call(place)
	r := newRequesterOf(w.web, soapLines, message)
	if w.part {
		r.holds = body
	}
	return r
}

// Try shows that one call is answered each way.
func (w *Ways) Try() error {
	for _, way := range w.all() {
		r := way.requester(0)
		err := r.turn(time.Now().Add(grace))
		r.close()
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return nil
}

// Convert makes one call after the other on one connection, all ways in turn, there and back again, so that what warms up or grows worse
// hurts all alike. For each way there is NAME_p50us, the mean of its two parts. added is what the conversion adds to a call, in us: it is
// the whole difference between converted and carried.
func Convert(ways *Ways, dur time.Duration, w Window) (Result, error) {
	all := ways.all()
	p50 := map[string]float64{}
	end := w()
	defer end()
	for i := range 2 * len(all) {
		way := all[min(i, 2*len(all)-1-i)]
		r, err := posts(1, way.requester, dur/2, dur/10, func() func() { return func() {} })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.name, err)
		}
		p50[way.name] += r["p50us"] / 2
	}
	r := Result{"added": p50["converted"] - p50["carried"]}
	for name, us := range p50 {
		r[name+"_p50us"] = us
	}
	return r, nil
}
