#!/usr/bin/env python3
"""Times transform_checkpoint, 8 -> 6 ranks, against `cp -r` of the same source tree, in pairs.

  reshard.py BIN_DIR WORK_DIR [MIB] [REPEAT]      WORK_DIR on tmpfs is free of writeback noise

Makes a synthetic checkpoint of MIB (1024) with bf16 weights and f32 moments, cut in rows and columns. Prints one line per pair, then the median ratio."""
import os
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import synthetic_checkpoint

BIN, WORK = map(os.path.abspath, sys.argv[1:3])
MIB, REPEAT = [int(word) for word in sys.argv[3:]] + [1024, 5][len(sys.argv) - 3:]


def timed(command, out):
    """Seconds and peak memory in MiB."""
    shutil.rmtree(out, ignore_errors=True)
    begin = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.time() - begin, usage.ru_maxrss / 1024


os.makedirs(WORK, exist_ok=True)
total = synthetic_checkpoint.make(WORK, MIB << 20, 8, 6)
src, dst, copy, s8, s6 = (os.path.join(WORK, name) for name in ("src", "dst", "copy", "s8.ckpt", "s6.ckpt"))
tool = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", src, "--dst_checkpoint_dir", dst,
        "--src_strategy", s8, "--dst_strategy", s6, "--workers", "2", "--no_sync"]
print(subprocess.run([*tool, "--dry_run"], capture_output=True, text=True).stdout, end="")
ratios = []
for _ in range(REPEAT):
    copied, _ = timed(["cp", "-r", src, copy], copy)
    moved, peak = timed(tool, dst)
    ratios.append(moved / copied)
    print("cp -r %.3f s, transform_checkpoint %.3f s, ratio %.2f, peak %.0f MiB" % (copied, moved, moved / copied, peak))
print("%d MiB, 8 -> 6 ranks, 2 workers: median ratio to cp -r %.2f" % (total >> 20, statistics.median(ratios)))
check = subprocess.run([os.path.join(BIN, "checkpoint_verify"), src, dst, "--src_strategy", s8, "--dst_strategy", s6], stdout=subprocess.DEVNULL)
assert check.returncode == 0, "the result is wrong"
shutil.rmtree(WORK)
