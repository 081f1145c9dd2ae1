#!/bin/bash
# GNU parallel, on this machine or by --sshlogin on others that see the same paths: as many parts as $3, default 8;
# what follows are options of `pielight cluster`.
set -eu
parts=${3:-8}
failed=0
seq 0 $((parts - 1)) | parallel --jobs 8 pielight cluster "$1" "$2" -q -j 1 --shard "{}/$parts" "${@:4}" || failed=$?
pielight cluster "$1" "$2" --finish "${@:4}"
exit "$failed"
