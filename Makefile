# What one does here. Each target installs what it lacks (scripts/setup), and says so.
.PHONY: run test bench check fmt sbom fuzz scan screenshots

# rustup's folder, for a shell that was opened before it was installed
export PATH := $(PATH):$(HOME)/.cargo/bin

LISTEN ?= 127.0.0.1:8080

run: ## builds, then serves the demonstration: a fresh database, an account per role
	@scripts/setup run
	cargo build --bin psypre
	@echo
	@echo "PsyPRE opens on http://$(LISTEN) (Ctrl-C stops it; LISTEN=127.0.0.1:9000 make run for another port)"
	@cargo run --quiet --bin psypre -- demo --listen $(LISTEN)

test: ## everything: style, both databases, real SMTP peers, the invoice rules, the browser
	@scripts/setup test
	@scripts/test

bench: ## how much it does in a second beside bare transactions, on both databases with full durability: docs/performance.md
	@scripts/setup test
	cargo bench --bench load --no-run
	@POSTGRES_DURABLE=1 TMPDIR=/var/tmp scripts/postgres run cargo bench --quiet --bench load $(if $(ARGS),-- $(ARGS))

check: ## the quick look before a commit
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

fmt:
	cargo fmt

sbom: ## what it is made of, for whoever must know: target/psypre.cdx.json (CycloneDX 1.6)
	scripts/sbom $(or $(FILE),target/psypre.cdx.json)

fuzz: ## schemathesis asks the API what nobody would, as each role: FUZZ_EXAMPLES=100 make fuzz
	cargo build --bin psypre
	FUZZ_TOOLS=schemathesis scripts/fuzz

scan: ## wapiti attacks the pages, as each role
	cargo build --bin psypre
	FUZZ_TOOLS=wapiti scripts/fuzz

screenshots: ## docs/screenshot.png, from the demonstration
	@scripts/setup test
	cargo build --tests
	scripts/screenshots $(ARGS)
