# `make demo`, `make test` and `make bench` set up what they need themselves. The other targets expect `make setup` to have run once.

PROFILE := release-dev
CARGO_TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 \
	&& echo "cargo nextest run --locked --cargo-profile $(PROFILE)" || echo "cargo test --locked --profile $(PROFILE)")
SERVICES := scripts/with-services.sh

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench fmt lint unit e2e wasm web demo-build openapi examples deny sbom reproduce proxy clean

help: ## Show this list
	@echo "Tacit. Two commands do all the set-up: make demo, make test."
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Build everything and serve the demo at http://localhost:8080
	@scripts/demo.sh

test: ## Run everything CI runs
	@scripts/test.sh

bench: ## Time the arithmetic, the client and the whole server, beside other libraries (S=stage chooses some)
	@scripts/bench.sh $(S)

setup: ## Install what `make test` needs
	@scripts/setup.sh test

fmt: ## Format the Rust sources
	cargo fmt --all

lint: ## Check formatting and run clippy, warnings denied
	cargo fmt --all --check
	cargo clippy --locked --profile $(PROFILE) --workspace --all-targets -- -D warnings

unit: ## Run the unit tests of the Rust crates (T=word chooses some)
	$(SERVICES) $(CARGO_TEST) --workspace --lib $(T)

e2e: ## Run the integration tests on SQLite and PostgreSQL (T=word chooses some)
	cargo build --locked --profile $(PROFILE) --workspace --bin tacit --example verify_token
	$(SERVICES) $(CARGO_TEST) --workspace --test '*' $(T)

wasm: ## Build the npm package and run its tests in Node
	client-wasm/build.sh
	cd client-wasm && npm test

web: ## Run the browser tests of the demo
	scripts/test.sh web

demo-build: ## Build the demo's pages
	web-demo/build.sh

openapi: ## Regenerate the committed OpenAPI documents
	cargo run --locked --profile $(PROFILE) -p tacit --bin tacit -- openapi --out openapi

examples: ## Run the README's examples against a live server
	scripts/examples.sh

deny: ## Check licences, bans, sources, advisories where they can be had, and that the tests named in documents exist
	scripts/test.sh deny

sbom: ## Write the bills of materials of a release (CycloneDX) into target/sbom
	scripts/supply/sbom.py target/sbom

reproduce: ## Build the npm package a second time elsewhere and compare
	scripts/supply/reproduce.sh --everything

proxy: ## Run docs/proxy/nginx.conf in front of the server
	scripts/proxy.sh

clean: ## Remove what was built and what the demo stored
	rm -rf target .cache .tacit-demo client-wasm/dist web-demo/dist client-wasm/node_modules web-demo/node_modules openapi/node_modules
