# `just` comes as `cargo install just`, or from PyPI as `rust-just`. Each recipe is one or two
# commands that work without it too.

# Lists the recipes.
_default:
    @just --list

# Makes the programs as they are released, with checksums, into `target/dist/`.
dist:
    packaging/dist

# Makes the Debian package of them, into `target/debian/`.
deb:
    packaging/deb

# Draws the README's picture from what the program prints.
demo:
    cargo build --locked --package api-key-helper
    packaging/demo >docs/demo.svg

# Measures them against what the machine itself needs; `just bench --quick` for a first look.
bench *options: dist
    cargo bench --locked --profile dev --package integration-tests --bench speed -- {{ options }}

# Gives random bytes to all that reads foreign ones, for so many seconds each.
fuzz seconds="300" *targets:
    .ci/fuzz {{ seconds }} {{ targets }}

# The real engine in a virtual world: twenty million steps, or `--seed N`.
simulate *options:
    cargo run --locked --package simulation --bin simulate -- {{ options }}

# A hundred thousand helpers and one server: writes the records, pictures and table of docs/internals/fleet.md.
fleet:
    cargo run --locked --release --package simulation --bin fleet

# Breaks the engine in every way of a list, and sees that a test notices.
mutants:
    .ci/mutants

# Lets every system call fail, and die at every one, with every backend; `just faults oidc` for one.
faults *name:
    cargo run --locked --package integration-tests --bin faults -- {{ name }}

# Ten callers, all backends, a network that fails by chance: ten minutes, or `--minutes N`.
soak *options:
    cargo run --locked --package integration-tests --bin soak -- {{ options }}

# Does everything that CI does.
check:
    .ci/run
