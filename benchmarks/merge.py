#!/usr/bin/env python3
"""Merging the files of ranks: merge_safetensors against `cp` of the merged bytes and, where it is installed, mindspore.unified_safetensors.

  merge.py BIN_DIR [--size MIB] [--dir DIR] [--mindspore PYTHON]

Writes a bf16 model of about that size for 8 ranks (TP4 x DP2) below DIR (default /dev/shm), once complete and once with redundancy removed,
then runs each competitor three times and prints the least: seconds and peak memory. PYTHON is an interpreter that has mindspore, whose
seconds leave its imports out."""
import argparse, json, os, shutil, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "tools"))
import synthetic_checkpoint

HIDDEN, INNER = 2048, 8192
# name, shape, dim that the four ranks of a tensor-parallel group cut; None = each has all of it
LAYER = (("attention.wq", (HIDDEN, HIDDEN), 0), ("attention.wo", (HIDDEN, HIDDEN), 1), ("feed_forward.w1", (INNER, HIDDEN), 0), ("feed_forward.w2", (HIDDEN, INNER), 1), ("norm", (HIDDEN,), None))
MINDSPORE = """
import sys, time
from mindspore.parallel import unified_safetensors
begin = time.time()
unified_safetensors(sys.argv[1], sys.argv[2], sys.argv[3], merge_with_redundancy=sys.argv[4] == "kept")
print(time.time() - begin)
"""

def write_safetensors(path, shapes, removed, block):
    header, at = {"__metadata__": {"format": "ms", "remove_redundancy": str(removed)}}, 0
    for name, shape in sorted(shapes.items()):
        size = 2 * (shape[0] * shape[1] if len(shape) > 1 else shape[0])
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}; at += size
    text = json.dumps(header).encode(); text += b" " * (-len(text) % 8)
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        while at > 0: f.write(block[:at]); at -= min(at, len(block))

def make(folder, mib):
    """The strategy file and the number of unique bytes."""
    layers = max(1, (mib << 20) // sum(2 * s[0] * s[-1] if len(s) > 1 else 2 * s[0] for _, s, _ in LAYER))
    tensors = [("model.layers.%d.%s.weight" % (i, n), s, d) for i in range(layers) for n, s, d in LAYER]
    strategy = folder + "/strategy.ckpt"
    synthetic_checkpoint.write_strategy(strategy, [(n, [2, 4], [0 if k == d else -1 for k in range(len(s))]) for n, s, d in tensors])
    block = os.urandom(1 << 22)
    for rank in range(8):
        shapes = {n: [e // 4 if k == d else e for k, e in enumerate(s)] for n, s, d in tensors}
        write_safetensors("%s/kept/rank_%d/m_rank_%d-1_1.safetensors" % (folder, rank, rank), shapes, False, block)
        # of what is cut one of the two replicas has a copy, of what is whole one of the eight
        own = {n: shapes[n] for i, (n, s, d) in enumerate(sorted(tensors)) if (rank == i % 8 if d is None else rank // 4 == i % 2)}
        write_safetensors("%s/removed/rank_%d/m_rank_%d-1_1.safetensors" % (folder, rank, rank), own, True, block)
    return strategy, sum(2 * s[0] * s[-1] if len(s) > 1 else 2 * s[0] for _, s, _ in tensors)

def timed(out, command, says_seconds=False):
    """Least of three runs: seconds, and the peak of the child in MiB."""
    best, peak = float("inf"), 0
    for _ in range(3):
        shutil.rmtree(out, ignore_errors=True); begin = time.time()
        p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True); said = p.stdout.read(); _, status, usage = os.wait4(p.pid, 0)
        if status: sys.exit("failed: " + " ".join(command))
        best = min(best, float(said.split()[-1]) if says_seconds else time.time() - begin); peak = max(peak, usage.ru_maxrss >> 10)
    return best, peak

def main():
    flags = argparse.ArgumentParser(); flags.add_argument("bin"); flags.add_argument("--size", type=int, default=2048)
    flags.add_argument("--dir", default="/dev/shm"); flags.add_argument("--mindspore"); flags = flags.parse_args()
    tool = os.path.join(flags.bin, "merge_safetensors")
    with tempfile.TemporaryDirectory(dir=flags.dir) as tmp:
        strategy, unique = make(tmp, flags.size); out, merged = tmp + "/out", tmp + "/merged"
        subprocess.run([tool, "--mindspore_ckpt_dir", tmp + "/kept", "--src_strategy_dirs", strategy, "--output_dir", merged, "--no_sync", "--quiet"], check=True)
        copy, _ = timed(out, ["cp", "-r", merged, out])
        print("%.0f MiB of unique elements, 8 ranks\ncp -r of the result                  %6.2f s" % (unique / 2**20, copy))
        for kind in ("kept", "removed"):
            for extra in ([], ["--memory", "64MB"]):
                seconds, peak = timed(out, [tool, "--mindspore_ckpt_dir", "%s/%s" % (tmp, kind), "--src_strategy_dirs", strategy, "--output_dir", out, "--no_sync", "--quiet", *extra])
                print("merge_safetensors %-8s %-14s %6.2f s, %.2f x cp, peak %d MiB" % (kind, " ".join(extra), seconds, seconds / copy, peak))
            if flags.mindspore:
                seconds, peak = timed(out, [flags.mindspore, "-c", MINDSPORE, "%s/%s" % (tmp, kind), strategy, out, kind], True)
                print("mindspore %-8s %22s %6.2f s, %.2f x cp, peak %d MiB" % (kind, "", seconds, seconds / copy, peak))

if __name__ == "__main__":
    main()
