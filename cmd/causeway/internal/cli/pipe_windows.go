package cli

// brokenPipes are what this system says to who writes into a pipe that nobody reads any more.
var brokenPipes = windowsPipes

// Unread has the process live on when nobody reads its output any more, as it does here by itself.
func Unread() {}
