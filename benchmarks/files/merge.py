#!/usr/bin/env python3
"""Merging the files of ranks: merge_safetensors against `cp -r` of the merged bytes and, on request, mindspore.unified_safetensors.

  merge.py BIN_DIR WORK_DIR [--mib 2048] [--repeat 5] [--mindspore PYTHON]

A bf16 model on 8 ranks (TP4 x DP2), once complete and once with redundancy removed. PYTHON is an interpreter that has mindspore; its seconds
leave the imports out, and its memory is what the process says at its end."""
import os, shutil, subprocess, sys
from race import Run, bytes_of, options, race, write_safetensors
import synthetic_checkpoint

HIDDEN, INNER = 2048, 8192
# name, shape, dim that the four ranks of a tensor-parallel group cut; None = each has all of it
LAYER = (("attention.wq", (HIDDEN, HIDDEN), 0), ("attention.wo", (HIDDEN, HIDDEN), 1), ("feed_forward.w1", (INNER, HIDDEN), 0), ("feed_forward.w2", (HIDDEN, INNER), 1), ("norm", (HIDDEN,), None))
MINDSPORE = """
import resource, sys, time
from mindspore.parallel import unified_safetensors
begin = time.time()
unified_safetensors(sys.argv[1], sys.argv[2], sys.argv[3], merge_with_redundancy=sys.argv[4] == "kept")
seconds = time.time() - begin
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024, seconds)
"""


def make(folder, mib):
    """Returns the strategy file."""
    layers = max(1, (mib << 20) // sum(bytes_of("BF16", shape) for _, shape, _ in LAYER))
    tensors = sorted(("model.layers.%d.%s.weight" % (i, name), shape, cut) for i in range(layers) for name, shape, cut in LAYER)
    strategy = os.path.join(folder, "strategy.ckpt")
    os.makedirs(folder)
    synthetic_checkpoint.write_strategy(strategy, [(name, [2, 4], [0 if d == cut else -1 for d in range(len(shape))]) for name, shape, cut in tensors])
    for rank in range(8):
        local = [(name, "BF16", [n // 4 if d == cut else n for d, n in enumerate(shape)]) for name, shape, cut in tensors]
        # of what is cut one of the two replicas has a copy, of what is whole one of the eight
        own = [local[i] for i, (_, _, cut) in enumerate(tensors) if (rank == i % 8 if cut is None else rank // 4 == i % 2)]
        for kind, held in (("kept", local), ("removed", own)):
            write_safetensors("%s/%s/rank_%d/m_rank_%d-1_1.safetensors" % (folder, kind, rank, rank), held, {"format": "ms", "remove_redundancy": str(kind == "removed")})
    return strategy


flags = options(__doc__)
flags.add_argument("--mindspore", metavar="PYTHON")
flags = flags.parse_args()
work = os.path.join(flags.work, "merge")
shutil.rmtree(work, ignore_errors=True)
strategy, out, merged = make(work, flags.mib), work + "/out", work + "/merged"


def command(kind, to, *more):
    return [os.path.join(flags.bin, "merge_safetensors"), "--mindspore_ckpt_dir", work + "/" + kind, "--src_strategy_dirs", strategy, "--output_dir", to, "--no_sync", "--quiet", *more]


Run(command("kept", merged), merged)
for kind in ("kept", "removed"):
    for more in ((), ("--memory", "64MB")):
        race(" ".join(("redundancy", kind, *more)), command(kind, out, *more), ["cp", "-r", merged, out], out, flags.repeat)
    if flags.mindspore:
        shutil.rmtree(out)
        done = subprocess.run([flags.mindspore, "-c", MINDSPORE, work + "/" + kind, strategy, out, kind], capture_output=True, text=True)
        if done.returncode: sys.exit(done.stderr[-2000:])
        peak, seconds = map(float, done.stdout.split()[-2:])
        ours = Run(command(kind, out), out)
        print("mindspore.unified_safetensors, %s: %.1f s, %.0f MiB; ours %.2f s, %.0f MiB: %.0f times as fast, 1/%.0f of the memory" % (
            kind, seconds, peak, ours.seconds, ours.peak, seconds / ours.seconds, peak / ours.peak))
shutil.rmtree(work)
