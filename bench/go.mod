module github.com/causeway-relay/causeway/bench

go 1.26.0

require (
	github.com/causeway-relay/causeway v0.0.0
	github.com/gorilla/websocket v1.5.3
)

replace github.com/causeway-relay/causeway => ../
