module github.com/causeway-relay/causeway/tools/gowsdl

go 1.26.0

tool github.com/hooklift/gowsdl/cmd/gowsdl

require github.com/hooklift/gowsdl v0.5.0 // indirect
