# The commands of this project, one target each. `make` alone lists them.
# What a target needs and how it is checked is decided in scripts/ and in crates/xtask, not here.

.DEFAULT_GOAL := help
.PHONY: help demo demo-move test check bench soak clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## build, make two demonstration trusts, serve them and print where
	scripts/prepare-demo.sh
	cargo build --release --locked --package almoner --package testkit --bin almoner --bin simulate
	scripts/demo.sh

demo-move: ## move a trust between two hosts while it is written to, and back
	scripts/prepare-demo.sh
	cargo build --release --locked --package almoner --package almoner-verify --package testkit --bin almoner --bin almoner-verify --bin demo-move
	./target/release/demo-move ./target/release

test: ## install what the tests need, then run every check and every test
	scripts/prepare-test.sh
	cargo xtask check

check: ## every check and every test, with what is installed already
	cargo xtask check

bench: ## make every figure of docs/performance.md
	cargo xtask bench

soak: ## the long suites: every seed, every crash, every fuzz target
	scripts/prepare-test.sh
	ALMONER_SOAK=1 cargo xtask soak

clean: ## remove what was built and fetched
	cargo clean
	rm -rf node_modules
