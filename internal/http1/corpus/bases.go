package corpus

import "strings"

// Bodies of the bases: what they carry and how that looks in chunks.
const (
	plainBody   = "hello, relay"
	chunkedBody = "5\r\nhello\r\n7;q=\"a;b\"\r\n, relay\r\n0\r\n\r\n"
)

// bases are good requests of every method class, framing and target form; each fault is put into each of them where it fits.
func bases(p Place) []message {
	// The makers: a request without a body, and what gives it one. more adds fields behind the framing field.
	get := func(label, method, target string, fields ...field) message {
		return message{
			label: label, method: method, sp1: " ", target: target, sp2: " ", version: "HTTP/1.1", end: "\r\n",
			fields: append([]field{line("Host", p.Host)}, fields...), last: "\r\n", plain: true,
		}
	}
	long := func(m message) message {
		m.fields = append(m.fields, line("Content-Length", "12"))
		m.body, m.carried, m.length = plainBody, plainBody, true
		return m
	}
	chunked := func(m message) message {
		m.fields = append(m.fields, line("Transfer-Encoding", "chunked"))
		m.body, m.carried, m.chunked = chunkedBody, plainBody, true
		return m
	}
	more := func(m message, fields ...field) message {
		m.fields = append(m.fields, fields...)
		return m
	}
	agent, accept := line("User-Agent", "corpus/1"), line("Accept", "text/xml, */*;q=0.1")
	action := line("SOAPAction", `"urn:echo"`)
	all := []message{
		get("get", "GET", p.Path, agent, accept),
		get("get-query", "GET", p.Path+"/a%2Fb?x=1&y=%20&z", accept, line("0", "Sec-WebSocket-Extensions: permessage-deflate")),
		get("head", "HEAD", p.Path, agent),
		get("delete", "DELETE", p.Path+"/item/7", line("If-Match", `"v1"`), line("Cookie", "a=1; b=2")),
		get("options", "OPTIONS", p.Path, line("Origin", "https://example.org"), line("Access-Control-Request-Method", "PUT")),
		get("bare-host", "GET", p.Path),
		get("token-method", "M-SEARCH", p.Path+"/", line("X-Empty", ""), line("!#$%&'*+-.^_`|~", "odd name")),
		get("absolute", "GET", "http://"+p.Host+p.Path+"?q=1", accept),
		long(get("post-length", "POST", p.Path, agent, line("Content-Type", "text/xml; charset=utf-8"), action)),
		more(long(get("put-length", "PUT", p.Path+"/x")), line("Content-Type", "text/plain"), line("X-Last", "end")),
		long(get("absolute-length", "POST", "http://"+p.Host+p.Path, agent)),
		chunked(get("post-chunked", "POST", p.Path, agent, line("Content-Type", "application/octet-stream"))),
		more(chunked(get("patch-chunked", "PATCH", p.Path+"/x?y")), line("Connection", "keep-alive"), accept),
		chunked(get("get-chunked", "GET", p.Path, accept)),
	}
	// What asks for something else than a resource of the place.
	star := get("asterisk", "OPTIONS", "*", agent)
	connect := get("connect", "CONNECT", "example.org:443", agent)
	old := get("http10", "GET", p.Path, agent)
	old.version = "HTTP/1.0"
	oldest := old.with(func(m *message) { m.fields, m.label, m.noHost = m.fields[1:], "http10-no-host", true })
	oldPost := long(old.with(func(m *message) { m.method, m.label = "POST", "http10-length" }))
	for _, m := range []message{star, connect, old, oldest, oldPost} {
		m.plain = false
		all = append(all, m)
	}
	return all
}

// chunkBase is a chunked message in pieces. Its head is good and stays so.
type chunkBase struct {
	head    message
	chunks  []chunk // the last has no data
	trailer []field
	final   string
}

// chunk is a size line, its data and the line end after them.
type chunk struct{ size, ext, end, data, after string }

// message puts the pieces together. The last chunk has no data, so nothing follows its line but trailer and empty line.
func (b chunkBase) message() message {
	var body, carried strings.Builder
	for i, c := range b.chunks {
		body.WriteString(c.size + c.ext + c.end + c.data)
		carried.WriteString(c.data)
		if i < len(b.chunks)-1 {
			body.WriteString(c.after)
		}
	}
	for _, f := range b.trailer {
		body.WriteString(f.name + f.colon + f.value + f.end)
	}
	m := b.head
	m.body, m.carried = body.String()+b.final, carried.String()
	return m
}

// with returns a copy that edit has changed.
func (b chunkBase) with(edit func(*chunkBase)) chunkBase {
	b.chunks = append([]chunk(nil), b.chunks...)
	b.trailer = append([]field(nil), b.trailer...)
	edit(&b)
	return b
}

// chunkedBases differ in number, size and spelling of chunks, in extensions and trailer fields, and in data that looks like framing.
func chunkedBases(p Place) []chunkBase {
	piece := func(size, ext, data string) chunk { return chunk{size, ext, "\r\n", data, "\r\n"} }
	end := piece("0", "", "")
	head := func(label, method, target string) message {
		return message{
			label: label, method: method, sp1: " ", target: target, sp2: " ", version: "HTTP/1.1", end: "\r\n", last: "\r\n",
			fields: []field{line("Host", p.Host), line("Transfer-Encoding", "chunked")}, plain: true, chunked: true,
		}
	}
	hidden := "GET /gotcha HTTP/1.1\r\nHost: x\r\n\r\n" // 33 bytes that a confused parser would take for a request
	return []chunkBase{
		{head("one", "POST", p.Path), []chunk{piece("1", "", "Z"), end}, nil, "\r\n"},
		{head("empty", "PUT", p.Path+"/e"), []chunk{end}, nil, "\r\n"},
		{head("three", "POST", p.Path+"?n=3"), []chunk{piece("5", "", "hello"), piece("00B", "", "0\r\n\r\nworld!"), piece("1f", "", hidden[:31]), end}, nil, "\r\n"},
		{head("hidden", "PATCH", p.Path), []chunk{piece("21", "", hidden), end}, nil, "\r\n"},
		{head("ext", "POST", p.Path+"/x"), []chunk{piece("3", `;name="v"`, "abc"), piece("A", ";a;b=c", "0123456789"), piece("000", ";end", "")}, nil, "\r\n"},
		{head("trailer", "PUT", p.Path), []chunk{piece("2", "", "ok"), end}, []field{line("X-Sum", "1a2b"), line("Expires", "0")}, "\r\n"},
		{head("rich", "DELETE", p.Path+"/r?s"), []chunk{piece("4", ";k=v", "\x00\xff\r\n"), piece("10", "", "0123456789abcdef"), end}, []field{line("X-T", "")}, "\r\n"},
	}
}
