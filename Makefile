# Every target does its own set-up: `make demo` and `make test`, each alone, work on a bare Debian with Go and Node.
# What is done how is in docs/testing.md.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Builds for tests carry no version control stamp, so that they work in a clone owned by somebody else.
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

FUZZTIME ?= 60s#  each fuzz target
SOAKTIME ?= 10m#  in all
BENCH    ?= .#    which Go benchmarks
CELLS    ?= #     which cells of bench/, beginnings of names with commas; all: also bench/RESULTS.md is written
# Stories: those of SOAP and WCF with what they need, and all others.
SOAP     := xmlsec xmllint mono monodevel dotnet zeep suds spyne php perl gsoap nodesoap node curl netcat
MATRIX   := mono node curl netcat php dotnet
STACKS   := $(patsubst %,./%/...,$(wildcard $(addprefix interop/,soap mono dotnet table nettcp wcfhttp ends casts wsdl matrix))) ./wsdl/bundle ./wsdl/diff ./wsdl/sample ./soap/xmlbin # which have foreign readers judge the whole corpus
SDK      := ./interop $(filter-out $(STACKS) $(patsubst %,./interop/%/...,node python capture),$(patsubst %/,./%/...,$(wildcard interop/*/)))
# Under the race detector sockets are read and written as package net does (internal/nowait), and no allocations are counted: these run without.
UNTOLD   := ./internal/nowait ./internal/leg/... ./internal/netend ./internal/httpserve ./gateway/mesh/link ./gateway/front ./gateway/tcpdoor ./hybrid/internal/handshake ./hybrid/internal/rawconn ./bridge/connect/address ./bindings/http ./gateway/relay/internal/cast
# Every test of these needs a foreign program: test-unit would link them to skip all.
FOREIGN  := $(addprefix ./interop/,acme casts dotnet ends firewall hybrid mono nettcp wine wsdl/stacks)
# A program with the race detector waits a second at its end for races of others, of which goleak leaves none, and key exchanges that
# withstand quantum computers are all in Go, of which it makes each step dear: the other tiers have them.
QUICK    := GORACE=atexit_sleep_ms=0 GODEBUG=tlsmlkem=0
LINT     := go tool -modfile=tools/go.mod golangci-lint
step     := scripts/step

.PHONY: help demo test test-unit test-sdk test-soap test-windows interop-table matrix check fuzz soak bench bench-go bench-check generate wsdl-score wsdl-probe wsdl-bench
.PHONY: check-shell check-gofmt check-lockfiles check-modules check-layers check-vet check-cross check-generate check-lint check-bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: ## two nodes in one process: a listener, senders, the nine steps as they happen
	@go run ./cmd/causeway demo

test: test-unit test-sdk test-soap ## all tests, in tiers; installs what they need when root on Debian

test-unit: ## tests of every package, under the race detector where more than one goroutine runs
	@scripts/need race
	@scripts/need systemd || [ $$? = 3 ] # a test says what it skips without
	@race=$$(FOREIGN="$(FOREIGN)" scripts/tier race); \
	$(step) unit env $(QUICK) go test -race -vet=off -p 4 -timeout 5m $$race # more at a time than cores: the longest of them wait more than they work
	@serial=$$(scripts/tier serial); \
	$(step) unit/serial go test -vet=off -p 4 -timeout 5m -gcflags=./soap/infoset=-d=checkptr $(UNTOLD) $$serial # that package has unsafe pointers, which -race checks too
	@if [ -f bench/go.mod ]; then $(step) unit/bench go -C bench test -vet=off -timeout 5m ./...; fi

test-sdk: ## unmodified SDKs, a browser and Debian's programs against one node and two; services behind a firewall
	@scripts/suite sdk node jest python browser curl netns nftables ssh redis netcat iperf mono -- go test -vet=off -count=1 -timeout 8m $(SDK)

test-soap: ## Mono, .NET and the SOAP stacks of six languages, against ours
	@scripts/suite soap $(SOAP) -- go test -vet=off -count=1 -timeout 8m $(STACKS)

test-windows: ## the Windows program under wine: commands, listen, forward (a minute, not part of test)
	@CAUSEWAY_WINE=1 scripts/suite windows wine -- go test -vet=off -count=1 -timeout 8m ./interop/wine

interop-table: ## write docs/interop.md and docs/matrix.md anew from a run of test-soap
	@cells=$$(mktemp); trap 'rm -f "$$cells"' EXIT; \
	CAUSEWAY_INTEROP_TABLE=$$cells scripts/suite soap $(SOAP) -- go test -vet=off -count=1 -timeout 8m $(STACKS) && \
	go run ./interop/table "$$cells" docs/interop.md docs/matrix.md

matrix: ## write docs/matrix.md anew: any kind of sender at any kind of listener
	@cells=$$(mktemp); trap 'rm -f "$$cells"' EXIT; \
	CAUSEWAY_INTEROP_TABLE=$$cells scripts/suite matrix $(MATRIX) -- go test -vet=off -count=1 -timeout 8m -run TestAnySenderAnyListener ./interop/matrix && \
	go run ./interop/table "$$cells" "" docs/matrix.md

check: $(addprefix check-,shell gofmt lockfiles modules layers vet cross generate lint bench) ## formatting, layers, vet, cross-compiling, lint, generated files, modules; one step: make check-lint

check-shell check-gofmt check-lockfiles check-modules check-generate check-bench: check-%:
	@$(step) $* scripts/check $*

check-layers:
	@$(step) layers go test ./internal/arch

check-vet:
	@$(step) vet go vet ./...

check-cross:
	@$(step) windows/amd64 scripts/check cross windows/amd64
	@$(step) darwin/arm64 scripts/check cross darwin/arm64
	@$(step) linux/arm64 scripts/check cross linux/arm64

check-lint:
	@$(step) lint $(LINT) run ./...

fuzz: ## every fuzz target for FUZZTIME (60s)
	@$(step) fuzz scripts/fuzz $(FUZZTIME)

soak: ## soak tests, then the unit tests in random order again and again, for SOAKTIME (10m)
	@scripts/need race
	@$(step) soak scripts/soak $(SOAKTIME)

bench: ## the gateway beside direct TCP, its bounds, nginx, HAProxy and ssh -R; CELLS=http,echo for some of it
	@$(step) bench scripts/bench $(if $(CELLS),run -cells $(CELLS))
	@$(if $(CELLS),,$(MAKE) --no-print-directory wsdl-bench)

bench-go: ## Go benchmarks with allocations, BENCH=REGEXP
	@CAUSEWAY_INTEROP=1 $(step) benchmarks go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-check: ## measure, and fail where a ratio is worse than the committed one by more than 15 % (by hand, on a quiet machine)
	@$(step) bench-check scripts/bench check $(if $(CELLS),-cells $(CELLS))

generate: ## write generated files anew
	@go generate ./...

wsdl-score: ## what becomes of 170 real service descriptions, ours and gowsdl's
	@scripts/wsdl-score

wsdl-probe: ## sample messages of every description, read into generated Go and written back
	@scripts/wsdl-probe

wsdl-bench: ## generated Go against encoding/xml on gowsdl's output: time and allocations of 20 messages
	@$(step) wsdl-bench scripts/wsdl-bench
