# Helpers for the prepare scripts: find what a machine lacks, install it with apt where we may, say exactly what to
# install where we may not. Sourced, never run. Knows programs and Debian packages; knows nothing of what they are for.

MISSING_PACKAGES=()
MISSING_SENTENCES=()

# need PROGRAM PACKAGE: remember PACKAGE if PROGRAM is not on the path.
need() {
    command -v "$1" >/dev/null 2>&1 || need_package "$2" "$1 was not found"
}

# need_package PACKAGE SENTENCE: remember that PACKAGE is missing, and why we think so.
need_package() {
    MISSING_PACKAGES+=("$1")
    MISSING_SENTENCES+=("$2")
}

# Installs what was remembered. Without root it prints one command and fails, so that nothing is half there.
install_missing() {
    [ ${#MISSING_PACKAGES[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing: ${MISSING_PACKAGES[*]}"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${MISSING_PACKAGES[@]}"
        return 0
    fi
    printf '%s\n' "${MISSING_SENTENCES[@]}" >&2
    echo "As root, on Debian or Ubuntu:  apt-get install ${MISSING_PACKAGES[*]}" >&2
    return 1
}

# The Rust toolchain is not installed for you: a package manager's is usually too old for this workspace.
require_cargo() {
    command -v cargo >/dev/null 2>&1 && return 0
    echo "cargo was not found. Install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer with rustup." >&2
    return 1
}

# npm_packages ARGUMENT...: fetch the packages of the lock file unless they are there already.
npm_packages() {
    if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
        npm ci "$@"
        touch node_modules/.package-lock.json
    fi
}
