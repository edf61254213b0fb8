// Package connstring owns connection strings, the text by which users give a program namespace, rights and entity (Hybrid Connections
// reference section 10). What is signed with what they hold is not here (see wire and auth).
//
// All functions may be called from any goroutine.
package connstring
