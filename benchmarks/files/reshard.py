#!/usr/bin/env python3
"""Times transform_checkpoint against `cp -r` of the same source tree, in pairs.

  reshard.py BIN_DIR WORK_DIR [--mib 2048] [--repeat 5] [--only TEXT] [--sync] [--mindspore PYTHON]

Per scenario: makes a synthetic checkpoint, runs both in turns, prints the median ratio, bytes read and written against those needed, and checks
the result with checkpoint_verify. --sync: both sides also wait for the disk (`cp -r` and `sync -f` of what it made). --mindspore: an interpreter
that has mindspore; runs its transform_checkpoints once on the files of the first scenario, imports left out, and ours at --memory 128MB.
`--only killed` kills the tool at half of its bytes and times the rerun; `--only checks` times --verify and --checksum; `--only large` moves 16 GiB
of 100,000 tensors in files, whose sources are holes, with --memory 64MB."""
import os, shutil, signal, statistics, subprocess, sys, time
from race import Run, llama, options, race
import synthetic_checkpoint

MINDSPORE = """
import resource, sys, time
import mindspore
begin = time.time()
mindspore.transform_checkpoints(sys.argv[1], sys.argv[2], "checkpoint_", sys.argv[3], sys.argv[4])
seconds = time.time() - begin
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds)
"""


def squares(mib, cut, side=8192):
    """bf16 matrices, all cut along one dim."""
    return [("layers.%d.w" % i, (side, side), "BFloat16", cut) for i in range(max(1, (mib << 20) // (2 * side * side)))]


def moments(mib):
    """A bf16 Llama with two f32 moments; matrices are cut as tensor parallelism does, vectors not at all."""
    out = []
    for name, _, shape in llama(mib // 5)[1]:
        cut = None if len(shape) == 1 else 1 if "o_proj" in name or "down_proj" in name else 0
        out += [(prefix + name, tuple(shape), dtype, cut) for prefix, dtype in (("", "BFloat16"), ("adam_m.", "Float32"), ("adam_v.", "Float32"))]
    return out


def mixed(mib): return synthetic_checkpoint.tensors_of(mib << 20, 3072)[0]


# title: ranks, tensors and how they are cut before; the same after; more flags
SCENARIOS = {
    "rows 8 -> 4": (8, lambda mib: squares(mib, 0), 4, lambda mib: squares(mib, 0), []),
    "rows 8 -> columns 8, runs of 2 KiB": (8, lambda mib: squares(mib, 0), 8, lambda mib: squares(mib, 1), []),
    "Llama with moments 8 -> 6, uneven": (8, moments, 6, moments, ["--uneven", "ceil"]),
    "rows and columns 8 -> 6": (8, mixed, 6, mixed, []),
    "1 -> 8": (1, mixed, 8, mixed, []),
    "8 -> 1": (8, mixed, 1, mixed, []),
}


class Job:
    def __init__(self, flags, ranks, before, to_ranks, after, extra, sparse=False):
        self.flags, self.src, self.dst = flags, os.path.join(flags.work, "src"), os.path.join(flags.work, "dst")
        shutil.rmtree(flags.work, ignore_errors=True)
        os.makedirs(flags.work)
        self.strategies = [os.path.join(flags.work, name) for name in ("before.ckpt", "after.ckpt")]
        synthetic_checkpoint.cut_strategy(self.strategies[0], before(flags.mib), ranks)
        synthetic_checkpoint.cut_strategy(self.strategies[1], after(flags.mib), to_ranks)
        self.needed = synthetic_checkpoint.write_ranks(self.src, before(flags.mib), ranks, sparse)
        self.extra = extra + ([] if flags.sync else ["--no_sync"])

    def command(self, *more):
        return [os.path.join(self.flags.bin, "transform_checkpoint"), "--src_checkpoint", self.src, "--dst_checkpoint_dir", self.dst,
                "--src_strategy", self.strategies[0], "--dst_strategy", self.strategies[1], *self.extra, *more]

    def cp(self):
        copy = "cp -r %s %s" % (self.src, self.dst)
        return ["sh", "-c", copy + " && sync -f " + self.dst] if self.flags.sync else copy.split()

    def verify(self):
        done = subprocess.run([os.path.join(self.flags.bin, "checkpoint_verify"), self.src, self.dst, "--src_strategy", self.strategies[0],
                               "--dst_strategy", self.strategies[1]], capture_output=True, text=True)
        if done.returncode: sys.exit("the result is wrong\n" + done.stdout[-1000:] + done.stderr[-1000:])


def run(title, job):
    last = race(title, job.command(), job.cp(), job.dst, job.flags.repeat, "cp -r and sync" if job.flags.sync else "cp -r")
    print("    read / needed %.3f, written / needed %.3f" % (last.read / job.needed[0], last.written / sum(
        os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(job.dst) for name in names)))
    job.verify()


def killed(job):
    """Ours alone: how long a rerun takes after a kill at half of the bytes."""
    whole = Run(job.command(), job.dst).seconds
    shutil.rmtree(job.dst)
    process = subprocess.Popen(job.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while int(open("/proc/%d/io" % process.pid).read().split("wchar: ")[1].split()[0]) < job.needed[0] // 2: time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = Run(job.command())
    print("killed at half, then run again                            %5.2f x the whole; %.2f against %.2f s" % (again.seconds / whole, again.seconds, whole))
    job.verify()


def checks(job):
    """What --verify and --checksum add to a run, against `cmp` of the result with a copy of it and against the run itself."""
    times = {"plain": [], "--verify": [], "--checksum": [], "cmp": []}
    copy = job.dst + "_copy"
    for _ in range(job.flags.repeat):
        for name in ("--verify", "--checksum"): times[name].append(Run(job.command(name), job.dst).seconds)
        times["plain"].append(Run(job.command(), job.dst).seconds)
        subprocess.run(["cp", "-r", job.dst, copy], check=True)
        times["cmp"].append(Run(["sh", "-c", "for f in $(cd $1; find . -type f); do cmp $1/$f $2/$f || exit 1; done", "sh", job.dst, copy]).seconds)
        shutil.rmtree(copy)
    plain, verify, checksum, cmp = (statistics.median(times[name]) for name in ("plain", "--verify", "--checksum", "cmp"))
    print("run %.2f s; --verify adds %.2f s, %.2f x cmp (%.2f s); --checksum adds %.2f s, %.2f x the run" % (
        plain, verify - plain, (verify - plain) / cmp, cmp, checksum - plain, (checksum - plain) / plain))


def large(flags):
    tensors = [("layers.%d.w" % i, (512, 1344), "BFloat16", 0) for i in range(12500)]
    job = Job(flags, 8, lambda mib: tensors, 4, lambda mib: tensors, [], sparse=True)
    done = Run(job.command("--memory", "64MB"), job.dst)
    print("16 GiB, 12,500 tensors, 8 -> 4, --memory 64MB: %.1f s, peak %.0f MiB, read / needed %.4f" % (done.seconds, done.peak, done.read / job.needed[0]))


def mindspore(job):
    ours = Run(job.command("--memory", "128MB"), job.dst)
    shutil.rmtree(job.dst)
    done = subprocess.run([job.flags.mindspore, "-c", MINDSPORE, job.src, job.dst, *job.strategies], capture_output=True, text=True)
    if done.returncode: sys.exit(done.stderr[-2000:])
    peak, seconds = map(float, done.stdout.split()[-2:])
    print("mindspore.transform_checkpoints                           %.1f s, %.0f MiB; ours %.2f s, %.0f MiB: %.0f times as fast, 1/%.0f of the memory" % (
        seconds, peak, ours.seconds, ours.peak, seconds / ours.seconds, peak / ours.peak))


flags = options(__doc__)
flags.add_argument("--only", default="", help="scenarios whose title has this text")
flags.add_argument("--sync", action="store_true")
flags.add_argument("--mindspore", metavar="PYTHON")
flags = flags.parse_args()
flags.work = os.path.join(flags.work, "reshard")
special = {"killed": killed, "checks": checks}
first = next(iter(SCENARIOS))
if flags.only == "large": large(flags)
elif flags.only in special: special[flags.only](Job(flags, *SCENARIOS[first]))
for title, scenario in SCENARIOS.items():
    if flags.only not in title: continue
    job = Job(flags, *scenario)
    run(title, job)
    if title != first: continue
    killed(job)
    if flags.mindspore: mindspore(job)
shutil.rmtree(flags.work)
