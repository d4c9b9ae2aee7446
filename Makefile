# `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: demo test bench storm soak image deb fuzz lint fmt help build-packages test-packages image-packages deb-packages fuzz-packages

# A test among the targets: cargo then builds the dependencies as `make test` does, and they are built once for both.
demo: build-packages ## Run the gateway against a local stand-in for AWS and an identity provider
	cargo build --locked --bins --test layers
	$${CARGO_TARGET_DIR:-target}/debug/demo

test: build-packages test-packages ## Run every test: unit, HTTP, boto3, SimpleSAMLphp, pysaml2 and a headless browser
	cargo test --locked

bench: build-packages test-packages ## Print CPU per verified SAML answer, as a ratio to one RSA-2048 verification, what placing costs, and what Redis costs
	cargo bench --locked --bench acs --bench mapping --bench replicas

storm: build-packages ## Sign 5,000 people in at once against AWS's rates times five; some nine minutes after the build
	cargo bench --locked --bench storm

soak: build-packages test-packages ## Two replicas on one Redis at half of what this machine can do, for SOAK_MINUTES (30): nothing may grow
	cargo bench --locked --bench soak

image: build-packages image-packages ## Build the container image without a registry and say how large it is; docs/building.md
	@scripts/image

deb: build-packages deb-packages ## Build the Debian package; docs/building.md
	@scripts/deb

fuzz: build-packages fuzz-packages ## Fuzz every reader of outside bytes for FUZZ_SECONDS each (60); see docs/fuzzing.md
	@scripts/fuzz

lint: build-packages ## Check formatting and lints; licences, advisories and alerts too where cargo-deny and promtool are installed
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --all-targets -- -D warnings
	@scripts/check-dependencies
	@if command -v promtool >/dev/null; then promtool check rules deploy/prometheus/alerts.yml; \
		else echo "promtool is not here (Debian's package prometheus): nobody but our own tests looked at the alerts"; fi

fmt: ## Format the code
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 15

build-packages:
	@scripts/install-packages build

test-packages:
	@scripts/install-packages test

image-packages:
	@scripts/install-packages image

deb-packages:
	@scripts/install-packages deb

fuzz-packages:
	@scripts/install-packages fuzz
