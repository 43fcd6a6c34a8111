#!/usr/bin/env python3
"""Times transform_checkpoint, 8 -> 6 ranks, against `cp -r` of the same source tree, in pairs.

  reshard.py BIN_DIR WORK_DIR [MIB] [REPEAT]      WORK_DIR on tmpfs is free of writeback noise

Makes a synthetic checkpoint of MIB (1024) with bf16 weights and f32 moments, cut in rows and columns. Prints one line per pair, then the median ratio."""
import os, random, shutil, statistics, subprocess, sys, time
BIN, WORK = map(os.path.abspath, sys.argv[1:3]); MIB = int(sys.argv[3]) if len(sys.argv) > 3 else 1024; REPEAT = int(sys.argv[4]) if len(sys.argv) > 4 else 5

def vi(n):
    n &= (1 << 64) - 1; o = bytearray()
    while n > 127: o.append(n & 127 | 128); n >>= 7
    o.append(n); return bytes(o)
def ld(f, b): return vi(f << 3 | 2) + vi(len(b)) + b
def head(name, dims, typ, n):
    t = b"".join(b"\x08" + vi(d) for d in dims) + ld(2, typ.encode()) + b"\x1a" + vi(n); v = ld(1, name.encode()) + b"\x12" + vi(len(t) + n) + t
    return b"\x0a" + vi(len(v) + n) + v
def strategy(path, layouts):
    ints = lambda l: b"".join(b"\x08" + vi(x) for x in l); o = b"\x08\x01" + ld(2, ld(1, b"MatMul_x") + ld(2, b"\x08\x00" + ld(2, b"\x08\x01")))
    for n, dev, tm in layouts: o += ld(3, ld(1, n.encode()) + ld(2, ld(1, ints(dev)) + ld(2, ints(tm)) + ld(3, b"") + ld(4, b"") + b"\x28\x00\x30\x00\x38\x00"))
    open(path, "wb").write(o)

os.makedirs(WORK, exist_ok=True); src, dst, copy = (os.path.join(WORK, x) for x in ("src", "dst", "copy"))
tensors, total, rnd = [], 0, random.Random(1)
while total < MIB << 20:
    i = len(tensors) // 4
    for n, s, t, cut in (("layers.%d.wq" % i, (3072, 3072), "BFloat16", 0), ("layers.%d.wo" % i, (3072, 3072), "BFloat16", 1), ("adam_m.layers.%d.wq" % i, (3072, 768), "Float32", 0), ("adam_m.layers.%d.wo" % i, (3072, 768), "Float32", 1)):
        tensors.append((n, s, t, cut)); total += s[0] * s[1] * (2 if t == "BFloat16" else 4)
for k in (8, 6): strategy(os.path.join(WORK, "s%d.ckpt" % k), [(n, [k], [0 if d == cut else -1 for d in (0, 1)]) for n, s, t, cut in tensors])
for r in range(8):
    os.makedirs(os.path.join(src, "rank_%d" % r), exist_ok=True)
    with open(os.path.join(src, "rank_%d" % r, "m-1_1.ckpt"), "wb") as f:
        for n, s, t, cut in tensors:
            local = [x // 8 if d == cut else x for d, x in enumerate(s)]; b = local[0] * local[1] * (2 if t == "BFloat16" else 4); f.write(head(n, local, t, b)); f.write(rnd.randbytes(b))
tool = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", src, "--dst_checkpoint_dir", dst, "--src_strategy", os.path.join(WORK, "s8.ckpt"), "--dst_strategy", os.path.join(WORK, "s6.ckpt"), "--workers", "2"]
print(subprocess.run([*tool, "--dry_run"], capture_output=True, text=True).stdout, end="")
def timed(cmd, out):
    shutil.rmtree(out, ignore_errors=True); t = time.time(); p = subprocess.Popen(cmd, stdout=subprocess.DEVNULL); _, status, usage = os.wait4(p.pid, 0)
    assert status == 0, cmd
    return time.time() - t, usage.ru_maxrss / 1024
ratios = []
for i in range(REPEAT):
    c, _ = timed(["cp", "-r", src, copy], copy); t, rss = timed(tool, dst); ratios.append(t / c); print("cp -r %.3f s, transform_checkpoint %.3f s, ratio %.2f, peak %.0f MiB" % (c, t, t / c, rss))
print("%d MiB, 8 -> 6 ranks, 2 workers: median ratio to cp -r %.2f" % (total >> 20, statistics.median(ratios)))
assert subprocess.run([os.path.join(BIN, "checkpoint_verify"), src, dst, "--src_strategy", os.path.join(WORK, "s8.ckpt"), "--dst_strategy", os.path.join(WORK, "s6.ckpt")], stdout=subprocess.DEVNULL).returncode == 0, "the result is wrong"
shutil.rmtree(WORK)
