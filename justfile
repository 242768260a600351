# `just` comes as `cargo install just`, or from PyPI as `rust-just`. Each recipe is one or two
# commands that work without it too.

# Lists the recipes.
_default:
    @just --list

# Makes the programs as they are released, with checksums, into `target/dist/`.
dist:
    packaging/dist

# Measures them against what the machine itself needs; `just bench --quick` for a first look.
bench *options: dist
    cargo bench --locked --profile dev --package integration-tests --bench speed -- {{ options }}

# Gives random bytes to all that reads foreign ones, for so many seconds each.
fuzz seconds="300" *targets:
    .ci/fuzz {{ seconds }} {{ targets }}

# Does everything that CI does.
check:
    .ci/run
