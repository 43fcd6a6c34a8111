#!/usr/bin/env python3
"""Makes system calls of a conversion fail: a named error, no partial file under a final name, and the same command goes on to the same bytes.

usage: fault_test.py <bin dir> [data dir]"""
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import synthetic_checkpoint

BIN = os.path.abspath(sys.argv[1])
SHIM = os.path.join(BIN, "libfault_shim.so")


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
    return [name for _, _, names in os.walk(folder) for name in names if not name.endswith(".ckpt")]


class Job:
    def __init__(self, work):
        self.work, self.out = work, os.path.join(work, "out")
        synthetic_checkpoint.make(work, 8 << 20, 4, 3, rows=768)
        self.source = os.path.join(work, "src")
        self.clean = os.path.join(work, "clean")
        shutil.copytree(self.source, self.clean)
        result = self.run({})
        assert result.returncode == 0, result.stderr
        self.right = digests(self.out)
        assert len(self.right) == 3

    def run(self, faults, *flags, workers=2):
        command = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", self.source, "--dst_checkpoint_dir", self.out, "--src_strategy",
                   os.path.join(self.work, "s4.ckpt"), "--dst_strategy", os.path.join(self.work, "s3.ckpt"), "--memory", "1MiB", "--workers", str(workers), *flags]
        environment = dict(os.environ, **{"FAULT_" + key: str(value) for key, value in faults.items()})
        if faults:
            environment["LD_PRELOAD"] = SHIM
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)

    def restart(self):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.rmtree(self.source)
        shutil.copytree(self.clean, self.source)

    def require_nothing_partial(self, what):
        found = digests(self.out) if os.path.exists(self.out) else {}
        wrong = [name for name, digest in found.items() if self.right.get(name) != digest]
        assert not wrong, "%s: partial under a final name: %s" % (what, wrong)

    def require_going_on(self, what):
        last = self.run({})
        assert last.returncode == 0, (what, last.stderr)
        assert digests(self.out) == self.right, "%s: other bytes after going on" % what
        assert not left_over(self.out), (what, left_over(self.out))


# call, which one, what, words that the error must have
FAILING = [
    ("pwritev", 1, errno.ENOSPC, ["No space left", "byte"]),
    ("pwritev", 20, errno.ENOSPC, ["No space left", "byte"]),
    ("pwritev", 33, errno.EIO, ["Input/output error", "byte"]),
    ("pwritev", 38, errno.EIO, ["Input/output error", "byte"]),
    ("pwritev", 60, errno.ENOSPC, ["No space left", "byte"]),
    ("pwritev", 7, errno.EDQUOT, ["quota", "byte"]),
    ("pwritev", 3, errno.EROFS, ["Read-only"]),
    ("preadv", 25, errno.EIO, ["src/rank_", "Input/output error", "byte"]),
    ("fdatasync", 1, errno.EIO, ["cannot be synced", "Input/output error"]),
    ("fsync", 1, errno.EIO, ["Input/output error"]),
    ("rename", 2, errno.EIO, ["Input/output error"]),
    ("rename", 1, errno.ENOSPC, ["No space left"]),
    ("ftruncate", 2, errno.EFBIG, ["File too large"]),
]


def calls_that_fail(job):
    for call, at, number, words in FAILING:
        what = "%s %d: %s" % (call, at, errno.errorcode[number])
        job.restart()
        result = job.run({"CALL": call, "AT": at, "WHAT": number})
        assert result.returncode == 1, (what, result.returncode, result.stdout, result.stderr)
        for word in words:
            assert word in result.stderr, (what, word, result.stderr)
        job.require_nothing_partial(what)
        job.require_going_on(what)


def calls_that_work_all_the_same(job):
    """Short reads and writes, interrupted calls, copy_file_range that the file system does not have."""
    for call in "preadv", "pwritev", "copy_file_range":
        job.restart()
        result = job.run({"CALL": call, "WHAT": "short"})
        assert result.returncode == 0 and digests(job.out) == job.right, (call, result.stderr)
    for call, number in ("preadv", errno.EINTR), ("pwritev", errno.EINTR), ("copy_file_range", errno.EXDEV), ("copy_file_range", errno.ENOSYS), ("copy_file_range", errno.EPERM), ("copy_file_range", errno.EIO):
        for at in 1, 9:
            job.restart()
            result = job.run({"CALL": call, "AT": at, "WHAT": number})
            assert result.returncode == 0 and digests(job.out) == job.right, (call, number, result.stderr)


def sources_that_change(job):
    for what, words in ("truncate", ["src/rank_", "byte"]), ("touch", ["src/rank_", "changed while it was read"]):
        job.restart()
        result = job.run({"CALL": "preadv", "AT": 30, "PATH": "src/rank_1", "WHAT": what})
        assert result.returncode == 1, (what, result.returncode, result.stderr)
        for word in words:
            assert word in result.stderr, (what, word, result.stderr)
        assert not digests(job.out), what
        shutil.rmtree(job.source)
        shutil.copytree(job.clean, job.source)
        job.require_going_on(what)


def power_cuts(job):
    """The files are as they were at the last sync point, the journal knows of more, and the machine was started again. One worker: the copy of
    the files, which takes its time, is then of that moment."""
    saved = os.path.join(job.work, "saved")
    boots = [os.path.join(job.work, name) for name in ("boot_a", "boot_b")]
    for boot in boots:
        with open(boot, "w") as file:
            file.write(boot + "\n")
    for journal_too in False, True:
        job.restart()
        shutil.rmtree(saved, ignore_errors=True)
        job.run({"CALL": "fdatasync", "AT": 1, "PATH": ".journal", "WHAT": "save", "FOLDER": job.out, "SAVED": saved, "BOOT": boots[0]},
                "--sync_every", "512KiB", workers=1)
        assert os.path.isdir(saved), "no sync point was made"
        assert left_over(job.out), "it was not killed in time"
        for path, _, names in os.walk(saved):
            for name in names:
                if not journal_too and name.endswith(".journal"):
                    continue
                target = os.path.join(job.out, os.path.relpath(os.path.join(path, name), saved))
                shutil.copy2(os.path.join(path, name), target)
        last = job.run({"BOOT": boots[1]}, "--sync_every", "512KiB", workers=1)
        assert last.returncode == 0 and digests(job.out) == job.right, (journal_too, last.stderr)
        assert "went on" in last.stdout, last.stdout


def power_cut_before_a_sync_point(job):
    """Not even the heads of the files are there."""
    boots = [os.path.join(job.work, name) for name in ("boot_a", "boot_b")]
    job.restart()
    job.run({"CALL": "pwritev", "AT": 80, "WHAT": "kill", "BOOT": boots[0]})
    emptied = 0
    for path, _, names in os.walk(job.out):
        for name in names:
            if name.endswith(".tmp"):
                size = os.path.getsize(os.path.join(path, name))
                with open(os.path.join(path, name), "w") as file:
                    file.truncate(size)
                emptied += 1
    assert emptied == 3, "it was not killed in time"
    last = job.run({"BOOT": boots[1]})
    assert last.returncode == 0 and digests(job.out) == job.right, last.stderr


def full_disk(job):
    """A file system that is too small, where one may be mounted."""
    small = os.path.join(job.work, "small")
    os.mkdir(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small], capture_output=True).returncode != 0:
        return "not mounted"
    try:
        job.restart()
        job.out, before = os.path.join(small, "out"), job.out
        result = job.run({})
        job.out = before
        assert result.returncode == 1 and "bytes free" in result.stderr, result.stderr
        assert not os.path.exists(os.path.join(small, "out")) or not os.listdir(os.path.join(small, "out"))
    finally:
        subprocess.run(["umount", small], check=True)
    return "refused before the first byte"


def main():
    with tempfile.TemporaryDirectory() as work:
        job = Job(work)
        calls_that_fail(job)
        calls_that_work_all_the_same(job)
        sources_that_change(job)
        power_cuts(job)
        power_cut_before_a_sync_point(job)
        print("%d failing calls, full disk: %s" % (len(FAILING), full_disk(job)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
