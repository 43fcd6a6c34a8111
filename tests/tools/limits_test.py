#!/usr/bin/env python3
"""Jobs that meet a limit: few file descriptors, little memory, files beyond 4 GiB, a control group.

  limits_test.py BIN_DIR [DATA_DIR] [MIB]      MIB of the job in a control group of 64 MiB: 512; 16384 on request (and 256 MiB)

What is written is compared by checkpoint_verify, which shares neither plan nor mover with the conversion. Peak memory is what the kernel told the tool."""
import json, os, re, resource, shutil, subprocess, sys, tempfile, unittest
import synthetic_checkpoint

BIN = os.path.abspath(sys.argv[1])
MIB = int(sys.argv[3]) if len(sys.argv) > 3 else 512
SLACK = 32 << 20  # what a process may have besides its budget


class Job:
    def __init__(self, work, tensors, ranks, to_ranks, to_tensors=None, sparse=False):
        self.src, self.dst, self.before, self.after = (os.path.join(work, name) for name in ("src", "dst", "before.ckpt", "after.ckpt"))
        synthetic_checkpoint.write_ranks(self.src, tensors, ranks, sparse)
        synthetic_checkpoint.cut_strategy(self.before, tensors, ranks)
        synthetic_checkpoint.cut_strategy(self.after, to_tensors or tensors, to_ranks)

    def run(self, *flags, **how):
        """Exit status, what was said, peak memory in bytes."""
        command = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", self.src, "--dst_checkpoint_dir", self.dst, "--src_strategy", self.before,
                   "--dst_strategy", self.after, "--no_sync", *flags]
        report = self.dst + ".json"
        done = subprocess.run([*command, "--report", report], capture_output=True, text=True, **how)
        with open(report) as file: peak = json.load(file)["peak_bytes"]
        assert peak > 1 << 20, "the system does not say how much memory was used"
        return done.returncode, done.stderr, peak

    def verify(self):
        done = subprocess.run([os.path.join(BIN, "checkpoint_verify"), self.src, self.dst, "--strategy", self.before, "--other_strategy", self.after], capture_output=True, text=True)
        return done.returncode, done.stdout[-500:] + done.stderr[-500:]


class Limits(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)

    def succeeds(self, job, *flags, **how):
        status, said, peak = job.run(*flags, **how)
        self.assertEqual(status, 0, said)
        self.assertEqual(job.verify()[0], 0, job.verify()[1])
        return peak

    def test_more_files_than_descriptors(self):
        job = Job(self.work, [("w%d" % i, (1024, 4), "Float32", 0) for i in range(3)], 1024, 512)
        self.succeeds(job, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))

    def test_a_tensor_larger_than_the_budget(self):
        tensor = lambda cut: [("w", (4096, 8192), "Float32", cut)]
        for number, cuts in enumerate(((0, 0), (0, 1))):
            os.makedirs(os.path.join(self.work, str(number)))
            job = Job(os.path.join(self.work, str(number)), tensor(cuts[0]), 4, 2, tensor(cuts[1]))
            peak = self.succeeds(job, "--memory", "8MiB")
            self.assertLessEqual(peak, (8 << 20) + SLACK)

    def test_many_small_tensors(self):
        job = Job(self.work, [("layers.%d.bias" % i, (8,), "Float32", 0) for i in range(25000)], 4, 2)
        peak = self.succeeds(job, "--memory", "64MiB")
        self.assertLessEqual(peak, (64 << 20) + SLACK)

    def test_the_least_budget_is_said_and_works(self):
        job = Job(self.work, [("w%d" % i, (64, 64), "Float32", i % 2) for i in range(50)], 4, 2)
        status, said, _ = job.run("--memory", "1kB")
        self.assertEqual(status, 1)
        self.assertFalse(os.path.exists(job.dst) and os.listdir(job.dst))
        least = int(re.search(r"the least that works is (\d+)", said).group(1))
        self.assertEqual(job.run("--memory", str(least - 1))[0], 1)
        self.succeeds(job, "--memory", str(least))

    def test_elements_beyond_4_gib(self):
        """Of a file of holes only the last tensor has numbers, and only that one is moved."""
        tensors = [("large", (2 * 1100, 1 << 20), "BFloat16", 0), ("last", (64, 64), "Float32", 0)]
        job = Job(self.work, tensors, 1, 2, sparse=True)
        path = os.path.join(job.src, "rank_0", "m-1_1.ckpt")
        numbers = os.urandom(64 * 64 * 4)
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) - len(numbers))
            file.write(numbers)
        self.assertGreater(os.path.getsize(path), 1 << 32)
        status, said, peak = job.run("--select", "last", "--memory", "8MiB")
        self.assertEqual(status, 0, said)
        self.assertLessEqual(peak, (8 << 20) + SLACK)
        halves = b""
        for rank in (0, 1):
            with open(os.path.join(job.dst, "rank_%d" % rank, "checkpoint_%d.ckpt" % rank), "rb") as file: halves += file.read()[-len(numbers) // 2:]
        self.assertEqual(halves, numbers)

    def test_a_control_group(self):
        """Without --memory the budget follows the limit of the group that the job runs in."""
        limit = (64 if MIB < 4096 else 256) << 20
        group = self.control_group(limit)
        if group is None: self.skipTest("control groups are not writable here")
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.work], capture_output=True, text=True).stdout.strip()
        if kind == "tmpfs": self.skipTest("files of a tmpfs are memory of the group")
        rows = 1 << 14
        tensors = [("w%d" % i, (rows, 1024), "Float32", i % 2) for i in range(MIB * (1 << 20) // (4 * 1024 * rows))]
        job = Job(self.work, tensors, 4, 2, sparse=MIB > 4096)

        def join():
            with open(os.path.join(group, "cgroup.procs"), "w") as file: file.write(str(os.getpid()))
        status, said, peak = job.run(preexec_fn=join)
        self.assertEqual(status, 0, said)
        self.assertLessEqual(peak, limit // 4 + SLACK)
        self.assertEqual(job.verify()[0], 0, job.verify()[1])

    def control_group(self, limit):
        """A new group with so many bytes; version 1 or 2."""
        for root, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            group = os.path.join(root, "reshard_limits_test_%d" % os.getpid())
            try:
                os.mkdir(group)
            except OSError:
                continue
            self.addCleanup(os.rmdir, group)
            try:
                with open(os.path.join(group, file), "w") as out: out.write(str(limit))
                return group
            except OSError:
                continue
        return None


if __name__ == "__main__": unittest.main(argv=sys.argv[:1])
