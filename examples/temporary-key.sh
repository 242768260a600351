#!/bin/sh
# Stands for whatever hands out keys in your company: prints a key that lives for an hour.
set -eu
now=$(date +%s)
printf '{"key": "sk-example-%s", "expires_at": %s}\n' "$now" "$((now + 3600))"
