package load

import (
	"fmt"
	"slices"
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

// block is how many calls go one way before it is the next one's turn: few, so that what the machine does meanwhile hurts all ways alike,
// and more than one, so that those in the middle find the way warm.
const block = 8

// Convert makes one call after the other, a few each way in turn, there and back again, for dur a way. For each way there is NAME_p50us.
// added is what the conversion adds to a call, in us: it is the whole difference between converted and carried.
func Convert(ways *Ways, dur time.Duration, w Window) (Result, error) {
	all := ways.all()
	took := make([][]time.Duration, len(all))
	asks := make([]*requester, len(all))
	for i := range all {
		asks[i] = all[i].requester(0)
	}
	defer func() {
		for _, r := range asks {
			r.close()
		}
	}()
	total := time.Duration(len(all)) * dur
	warm := time.Now().Add(total / 10)
	until := warm.Add(total)
	end := w()
	defer end()
	for i := 0; time.Now().Before(until); i++ {
		which := i % (2 * len(all))
		which = min(which, 2*len(all)-1-which)
		for range block {
			began := time.Now()
			if err := asks[which].turn(until.Add(grace)); err != nil {
				return nil, fmt.Errorf("%s: %w", all[which].name, err)
			}
			if began.After(warm) {
				took[which] = append(took[which], time.Since(began))
			}
		}
	}
	return added(all, took)
}

// added are the values of ways whose calls took so long.
func added(all []way, took [][]time.Duration) (Result, error) {
	r := Result{}
	for i := range all {
		if len(took[i]) == 0 {
			return nil, fmt.Errorf("%s: no call in the measured time", all[i].name)
		}
		slices.Sort(took[i])
		r[all[i].name+"_p50us"] = float64(percentile(took[i], .5)) / float64(time.Microsecond)
	}
	r["added"] = r["converted_p50us"] - r["carried_p50us"]
	return r, nil
}
