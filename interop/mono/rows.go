package mono

// Row is one of Mono's truth table: steps of a client on one channel at one service.
type Row struct{ Binding, Contract, Steps string }

// HTTP are the rows of the bindings over HTTP: what works, and what Mono leaves out or cannot do. Left out is what kills its
// service (MTOM) and what needs a certificate.
var HTTP = []Row{
	{"basic", "echo", "echo,echo-unicode,echo-empty,echo-null,echo-7000,add,ping,blob,blob-2000,submit"},
	{"basic", "echo", "notify,add"},
	{"basic", "echo", "fault-typed,fault-crash,fault-plain,fault-code,fault-sender,add"},
	{"basic", "echo", "missing"},
	{"basic", "untyped", "untyped"},
	{"basic-utf16", "echo", "echo-unicode,submit"},
	{"basic-streamed", "stream", "down,up,turn"},
	{"soap12", "echo", "echo,add,submit,notify,fault-typed,missing"},
	{"soap11-wsa10", "echo", "echo,add,submit,notify,fault-typed,missing"},
	{"soap12-wsa10", "echo", "echo,add,submit,notify,fault-typed,missing"},
	{"soap12-wsa10", "untyped", "untyped"},
	{"soap11-wsa04", "echo", "echo,add,fault-typed,missing"},
	{"soap12-wsa04", "echo", "echo,add,fault-typed,missing"},
	{"http-binary", "echo", "echo,add,submit,blob-2000,notify,fault-typed,missing"},
	{"ws", "echo", "echo,add,ping,submit,notify,fault-typed,fault-crash,missing"},
	{"ws2007", "echo", "echo,add,submit,notify,fault-typed,missing"},
	{"ws-rm", "echo", "echo,add"}, // reliable sessions are left out without a word
	{"web", "rest", "hello,getnote,putnote,delnote,boom"},
}
