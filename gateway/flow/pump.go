package flow

// Pump is a stream that is ready to run: it carries what both sides say, and calls over once when that has ended. It may return long
// before, since a stream that is quiet needs no goroutine; over comes from whichever goroutine was the last.
type Pump func(over func())

// Run calls the pump and returns when the stream is over.
func (p Pump) Run() {
	over := make(chan struct{})
	p(func() { close(over) })
	<-over
}

// Whole is a Pump that returns when the stream is over.
func Whole(f func()) Pump {
	return func(over func()) {
		defer over()
		f()
	}
}
