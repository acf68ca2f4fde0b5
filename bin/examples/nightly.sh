#!/usr/bin/env bash
# Submits the nightly job to the cluster that HADOOP_CONF_DIR names.
# usage: nightly.sh DAY SOURCE TARGET [OPTION-OF-SUBMIT ...]
# WEFT_JAR is the jar that `bin/dev dist` makes; WEFT_ENV the archive of a Python environment with weblogparse in it.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }
day=$1 source=$2 target=$3
shift 3
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)
: "${WEFT_JAR:?names the jar that bin/dev dist makes}" "${WEFT_ENV:?names an archive of a Python environment}"
exec yarn jar "$WEFT_JAR" submit \
    --num-executors 3 --executor-cores 2 --executor-memory 1152m --archives "$WEFT_ENV#env" \
    --conf weft.python=./env/bin/python --conf weft.python.worker.limit=256m --conf weft.python.worker.memory=128m \
    --py-files "$here/../../it/etl/weblogsteps.py" \
    "$@" "$here/../../it/etl/etl.py" "$day" "$source" "$target"
