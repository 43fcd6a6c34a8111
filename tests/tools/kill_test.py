#!/usr/bin/env python3
"""Kills a conversion at random moments: nothing partial under a final name, and the same command goes on to the same bytes.

usage: kill_test.py <bin dir> [data dir] [rounds [seed]]      24 rounds; 200 on request"""
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import synthetic_checkpoint

BIN = os.path.abspath(sys.argv[1])
ROUNDS, SEED = [int(word) for word in sys.argv[3:]] + [24, 20261125][len(sys.argv[3:]):]


def digests(folder):
    """Of all files under a final name."""
    out = {}
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".ckpt"):
                with open(os.path.join(path, name), "rb") as file:
                    out[os.path.relpath(os.path.join(path, name), folder)] = hashlib.sha256(file.read()).hexdigest()
    return out


def left_over(folder):
    """What is neither a result nor a folder."""
    return [name for _, _, names in os.walk(folder) for name in names if not name.endswith(".ckpt")]


def main():
    chance = random.Random(SEED)
    went_on = killed = 0
    with tempfile.TemporaryDirectory() as work:
        synthetic_checkpoint.make(work, 24 << 20, 4, 3, rows=768)
        out = os.path.join(work, "out")
        command = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", os.path.join(work, "src"), "--dst_checkpoint_dir", out,
                   "--src_strategy", os.path.join(work, "s4.ckpt"), "--dst_strategy", os.path.join(work, "s3.ckpt"), "--memory", "1MiB"]
        begin = time.time()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.time() - begin
        right = digests(out)
        assert len(right) == 3 and not left_over(out), (right, left_over(out))
        for number in range(ROUNDS):
            shutil.rmtree(out)
            kind = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            for _ in range(chance.choice([1, 1, 2, 3])):  # killed several times in a row, too
                process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                time.sleep(chance.random() * seconds)
                process.send_signal(kind)
                said = process.communicate()[1]
                status = process.returncode
                found = digests(out) if os.path.exists(out) else {}
                wrong = {name for name, digest in found.items() if right.get(name) != digest}
                assert not wrong, "round %d: partial under a final name: %s" % (number, wrong)
                if status == 0 or (status == 1 and "exist" in said):  # it was faster
                    break
                assert status in (-kind, 128 + kind), (number, kind, status, said)
                killed += 1
            last = subprocess.run(command, capture_output=True, text=True)
            done_before = last.returncode == 1 and "exist" in last.stderr and found == right
            assert last.returncode == 0 or done_before, (number, last.stdout, last.stderr)
            went_on += "went on" in last.stdout
            assert digests(out) == right, "round %d: other bytes after going on" % number
            assert not left_over(out), (number, left_over(out))
    print("%d rounds, %d kills, %d times it went on, seed %d" % (ROUNDS, killed, went_on, SEED))
    return 0 if killed > 0 and went_on > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
