#!/bin/bash
# 100 tasks of one node each share the shards out; the last job checks them and writes the report:
#   job=$(sbatch --parsable slurm.sh IN OUT OPTIONS)
#   sbatch --dependency=afterany:$job --wrap "pielight cluster IN OUT --finish OPTIONS"
# A task that is preempted is queued again, and goes on where manifests end.
#SBATCH --job-name=pielight
#SBATCH --array=0-99
#SBATCH --nodes=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=2G
#SBATCH --requeue
set -eu
pielight cluster "$1" "$2" -q -j "${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" "${@:3}"
